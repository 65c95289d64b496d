"""Every right that has an end, each held by someone who has read one page under it and asks for the next.

All of them end at one moment by themselves; where somebody can end one sooner, the statement that does so is here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from asyncpg import Range

from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import TokenOrder
from tests.properties.drawn_people import People, Tables
from tests.properties.plain_rows import encode_id

LASTS = timedelta(hours=1)
PAGE = "nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount"
LISTED = f"query($after: String) {{ list: %s(first: 2, after: $after) {{ {PAGE} }} }}"
CANDIDATE = (
    f"query($after: String, $id: ID!) {{ officer(id: $id) {{ list: outcomes(first: 2, after: $after) {{ {PAGE} }} }} }}"
)
OWN = f"query($after: String) {{ me {{ list: outcomes(first: 2, after: $after) {{ {PAGE} }} }} }}"
BY_ID = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingRight:
    """Who holds it, what he asks page by page, what he must not learn afterwards, and how it is ended sooner.

    A right that is the grant itself leaves nothing to answer: the second page is refused. `sooner` is a statement with
    one parameter, the moment; `ids` are asked for by twos where the role has no list.
    """

    order: TokenOrder
    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    told: frozenset[str]
    is_grant: bool = False
    sooner: str | None = None


@dataclass(slots=True)
class EndingWorld:
    """One officer with outcomes that anyone may read who has the right, and the rights."""

    people: People
    rights: dict[str, EndingRight] = field(default_factory=dict)

    @property
    def tables(self) -> Tables:
        """The rows to write."""
        return self.people.tables


def write_ending_world(at: datetime, jurisdiction: UUID) -> EndingWorld:
    """The rows and the rights as of `at`; every right ends at `at` and `LASTS`."""
    world = EndingWorld(People(Random(7), at))
    officer = _write_officer(world.people)
    agencies = [_write_agency(world.people, place, jurisdiction) for place in range(6)]
    outcomes = [_write_outcome(world.people, officer, agencies[5], number) for number in range(5)]
    _hold_checks(world, officer, agencies, outcomes)
    _hold_cases(world, outcomes)
    _hold_grants(world, officer, agencies, outcomes)
    _hold_credentials(world, agencies)
    return world


def _write_agency(people: People, place: int, jurisdiction: UUID) -> UUID:
    agency = people.add(
        "registry.agencies",
        jurisdiction_id=jurisdiction,
        name=f"Ending Police Department {place}",
        kind="LOCAL_POLICE",
        state_code="WA",
    )
    people.put("registry.agency_oris", ori=_name_ori(place), agency_id=agency)
    return agency


def _name_ori(place: int) -> str:
    return f"WA99970{place:02d}"


def _write_officer(people: People) -> UUID:
    return people.add(
        "registry.officers", analyst_id=people.draw_id(), status="ACTIVE", family_name="Walker", given_name="Robin"
    )


def _write_outcome(people: People, officer: UUID, agency: UUID, number: int) -> UUID:
    begun = people.at - timedelta(days=200 + number)
    matter = people.add("registry.matters", kind="INTERNAL_INVESTIGATION", status="OPEN", agency_id=agency)
    series = people.add(
        "registry.outcome_series",
        analyst_id=people.draw_id(),
        officer_id=officer,
        agency_id=agency,
        matter_id=matter,
        kind="TERMINATION",
        lifecycle="CLEARED",
        finality="FINAL",
        dispute="NONE",
        cleared_at=begun,
    )
    people.put(
        "registry.outcome_versions",
        series_id=series,
        version=1,
        report_type="INITIAL",
        valid=Range(begun.date(), None),
        recorded=Range(begun, None),
        content_commitment=bytes(32),
    )
    people.put(
        "registry.outcome_contents",
        series_id=series,
        version=1,
        commitment_salt=bytes(16),
        action_date=begun.date(),
        force_related=False,
    )
    return series


def _grant(world: EndingWorld, name: str, role: Role, *, ends: bool = False, **scope: UUID | str) -> str:
    at = world.people.at
    whole: dict[str, Any] = {"agency_id": None, "state_code": None, "officer_id": None, "body_id": None} | scope
    world.people.add(
        "registry.grants",
        account=name,
        role=str(role),
        valid=Range(at - timedelta(days=9), at + LASTS if ends else None),
        granted_by="someone else",
        **whole,
    )
    return name


def _name_outcomes(outcomes: list[UUID]) -> frozenset[str]:
    return frozenset(encode_id("Outcome", str(each)) for each in outcomes)


def _hold_checks(world: EndingWorld, officer: UUID, agencies: list[UUID], outcomes: list[UUID]) -> None:
    """A candidate check whose consent ends, and one that ends itself; taken back, and closed."""
    people = world.people
    ending, lasting = people.at + LASTS, people.at + timedelta(days=30)
    ways = (
        ("consent", ending, lasting, "consents", "revoked_at"),
        ("check", lasting, ending, "candidate_checks", "closed_at"),
    )
    for place, (name, consent_ends, check_ends, table, column) in enumerate(ways):
        consent = people.add(
            "registry.consents",
            officer_id=officer,
            agency_id=agencies[place],
            scope="FULL",
            purpose="hiring",
            granted_at=people.at - timedelta(days=2),
            expires_at=consent_ends,
            uses_left=1,
        )
        people.add(
            "registry.candidate_checks",
            agency_id=agencies[place],
            opened_by="someone else",
            kind="FULL",
            reason="HIRE",
            match_result="MATCH",
            officer_id=officer,
            consent_id=consent,
            opened_at=people.at - timedelta(days=1),
            expires_at=check_ends,
        )
        account = _grant(world, f"ending-{name}", Role.HIRING_INVESTIGATOR, agency_id=agencies[place])
        world.rights[name] = EndingRight(
            order=TokenOrder(
                account=account, role=Role.HIRING_INVESTIGATOR, purpose=Purpose.HIRING, agency_ori=_name_ori(place)
            ),
            document=CANDIDATE,
            variables={"id": encode_id("Officer", str(officer))},
            told=_name_outcomes(outcomes),
            sooner=f"UPDATE registry.{table} SET {column} = $1 WHERE agency_id = '{agencies[place]}'",
        )


def _hold_cases(world: EndingWorld, outcomes: list[UUID]) -> None:
    """Cases assigned to an adjudicator, and outcomes opened to an auditor by a second one."""
    people = world.people
    judge = _grant(world, "ending-assignment", Role.DOJ_ADJUDICATOR)
    auditor = _grant(world, "ending-break-glass", Role.AUDITOR)
    for outcome in outcomes:
        people.add(
            "registry.case_assignments",
            series_id=outcome,
            account=judge,
            role=str(Role.DOJ_ADJUDICATOR),
            valid=Range(people.at - timedelta(days=1), people.at + LASTS),
            assigned_by="someone else",
        )
        people.add(
            "registry.break_glass_accesses",
            series_id=outcome,
            account=auditor,
            case_number="ENDING-1",
            reason="a reason of the case",
            hours=2,
            approved_by="another person",
            approved_at=people.at - LASTS,
            valid=Range(people.at - LASTS, people.at + LASTS),
        )
    end = "SET valid = tstzrange(lower(valid), $1), ended_by = 'someone else', ended_at = $1 WHERE account ="
    told = _name_outcomes(outcomes)
    world.rights["assignment"] = EndingRight(
        order=TokenOrder(account=judge, role=Role.DOJ_ADJUDICATOR, purpose=Purpose.ADJUDICATION),
        document=LISTED % "outcomes",
        told=told,
        sooner=f"UPDATE registry.case_assignments {end} '{judge}'",
    )
    world.rights["break-glass"] = EndingRight(
        order=TokenOrder(account=auditor, role=Role.AUDITOR, purpose=Purpose.OVERSIGHT),
        document=BY_ID,
        ids=tuple(sorted(told)),
        told=told,
        sooner=f"UPDATE registry.break_glass_accesses {end} '{auditor}'",
    )


def _hold_grants(world: EndingWorld, officer: UUID, agencies: list[UUID], outcomes: list[UUID]) -> None:
    """The grant itself: of one who handles records, of the officer, and of his representative, whose mandate it is."""
    reported, told = agencies[5], _name_outcomes(outcomes)
    for name, role, purpose, document, scope in (
        (
            "grant of a records officer",
            Role.RECORDS_OFFICER,
            Purpose.RECORDS,
            LISTED % "outcomes",
            {"agency_id": reported},
        ),
        (
            "grant of a certifying officer",
            Role.POST_OFFICER,
            Purpose.CERTIFICATION,
            LISTED % "outcomes",
            {"state_code": "WA"},
        ),
        ("grant of an officer", Role.OFFICER, Purpose.SELF, OWN, {"officer_id": officer}),
        ("mandate", Role.OFFICER_REP, Purpose.SELF, OWN, {"officer_id": officer}),
    ):
        account = _grant(world, f"ending-{name}", role, ends=True, **scope)
        world.rights[name] = EndingRight(
            order=TokenOrder(
                account=account,
                role=role,
                purpose=purpose,
                agency_ori=_name_ori(5) if "agency_id" in scope else None,
                state_code="WA" if "state_code" in scope else None,
                officer_id=officer if "officer_id" in scope else None,
            ),
            document=document,
            told=told,
            is_grant=True,
            sooner="UPDATE registry.grants SET valid = tstzrange(lower(valid), $1), revoked_by = 'someone else', "
            f"revoked_at = $1 WHERE account = '{account}'",
        )


def _hold_credentials(world: EndingWorld, agencies: list[UUID]) -> None:
    """Agencies that a credentialing body certified until today: its view of their duties ends with the day."""
    people, today = world.people, world.people.at.date()
    body = people.add("registry.credentialing_bodies", name="Ending Body", states=[])
    for agency in agencies:
        people.add(
            "registry.agency_credentials",
            agency_id=agency,
            body_id=body,
            status="CERTIFIED",
            valid=Range(today - timedelta(days=100), today + timedelta(days=1)),
        )
    account = _grant(world, "ending-credential", Role.CREDENTIALING_BODY, body_id=body)
    world.rights["credential"] = EndingRight(
        order=TokenOrder(account=account, role=Role.CREDENTIALING_BODY, purpose=Purpose.CREDENTIALING),
        document=LISTED % "compliance",
        told=frozenset(encode_id("AgencyCompliance", str(each)) for each in agencies),
        sooner="UPDATE registry.agency_credentials SET status = 'REVOKED' WHERE $1::timestamptz IS NOT NULL",
    )


def find_end(right: EndingRight, at: datetime) -> datetime:
    """The moment at which a right ends by itself: a credential ends with a day, all others within it."""
    if right.order.role is Role.CREDENTIALING_BODY:
        return datetime.combine(at.date() + timedelta(days=1), datetime.min.time(), at.tzinfo)
    return at + LASTS
