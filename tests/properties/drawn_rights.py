"""Rights drawn at random: grants, checks, assignments, openings, credentials; live ones beside every kind of dead one.

Each kind of right has rows that end, begin or were taken back at this very moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import cycle, product
from typing import Any
from uuid import UUID

from asyncpg import Range

from app.domain.vocabulary import (
    MatchResult,
    RecordState,
    RequiredAction,
    Role,
)
from tests.properties.drawn_duties import draw_credentials, draw_duties, draw_exports
from tests.properties.drawn_outcomes import draw_idle, draw_running
from tests.properties.drawn_people import Listing, People

# Whose grants name an agency; the first two of each role act for these places of the list of agencies.
AGENCY_ROLES = (Role.HIRING_INVESTIGATOR, Role.RECORDS_OFFICER, Role.AGENCY_HEAD)
OFFICER_ROLES = (Role.OFFICER, Role.OFFICER_REP)
PLACES = (0, 3)
POST_STATES = ("WA", "NH")
OPENING_WAYS = ("open", "open", "asked", "over", "early", "ended")
CHECK_WAYS = (
    "just given", "closed", "over", "early", "consent over", "revoked", "other officer", "other agency",
    "for monitoring", "without consent", "unmatched", "limited",
)  # fmt: skip
REPRESENTED = (Listing.LISTED, Listing.NO_FINDING, Listing.UNLISTED)
NOTICE_CAUSES = ("CLEARED", "CORRECTED", "VOIDED", "BREAK_GLASS_OPENED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account with the one grant under which it asks."""

    account: str
    role: Role
    grant_id: UUID
    agency_id: UUID | None = None
    state_code: str | None = None
    officer_id: UUID | None = None
    body_id: UUID | None = None


def draw_rights(people: People, states: Mapping[UUID, RecordState]) -> list[Holder]:
    """All rights of all who ask, over outcomes in these states; the accounts that hold them."""
    outcomes = list(states)
    bodies = [
        people.add("registry.credentialing_bodies", name=f"Drawn Body {place}", states=["WA"] if place else [])
        for place in range(2)
    ]
    holders = [_grant(people, **given) for given in _list_given(people, bodies)]
    for holder in holders:
        if holder.role not in OFFICER_ROLES:
            _make_own(people, holder.account)
    _draw_dead_grants(people, holders)
    _draw_checks(people)
    _draw_openings(people, states, holders)
    _draw_agency_rows(people, outcomes, bodies)
    _draw_records(people, outcomes)
    for holder in holders:
        if holder.role is Role.DOJ_ANALYST:
            draw_exports(people, holder.account)
    return holders


def _list_given(people: People, bodies: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    for role in Role:
        if role in AGENCY_ROLES:
            yield from ({"role": role, "agency_id": people.agencies[place]} for place in PLACES)
        elif role is Role.POST_OFFICER:
            yield from ({"role": role, "state_code": state} for state in POST_STATES)
        elif role is Role.CREDENTIALING_BODY:
            yield from ({"role": role, "body_id": body} for body in bodies)
        elif role in OFFICER_ROLES:
            first = {listing: found[0] for listing, found in people.officers.items()}
            told = list(Listing) if role is Role.OFFICER else REPRESENTED
            yield from ({"role": role, "officer_id": first[listing]} for listing in told)
        elif role is not Role.PUBLIC:
            yield {"role": role}


def _grant(people: People, *, role: Role, account: str | None = None, **scope: UUID | str) -> Holder:
    number = len(people.tables.get("registry.grants", ()))
    account = account or f"drawn-{role}-{number}"
    key = _put_grant(people, account, role, draw_running(people), **scope)
    return Holder(account=account, role=role, grant_id=key, **scope)  # type: ignore[arg-type]


def _put_grant(people: People, account: str, role: Role, valid: Range[Any], **scope: UUID | str | None) -> UUID:
    over = valid.upper is not None and valid.upper <= people.at
    whole: dict[str, Any] = {"agency_id": None, "state_code": None, "officer_id": None, "body_id": None} | scope
    return people.add(
        "registry.grants",
        account=account,
        role=str(role),
        valid=valid,
        granted_by="someone else",
        granted_at=people.at - timedelta(days=60),
        revoked_by="someone else" if over else None,
        revoked_at=people.at - timedelta(days=1) if over else None,
        **whole,
    )


def _make_own(people: People, account: str) -> None:
    """The account is, or was once known as, some of the officers; that the right has ended changes nothing."""
    first = {found[0] for found in people.officers.values()}
    for officer in people.own:
        if officer in first or people.is_likely(0.4):
            span = draw_idle(people) if people.is_likely(0.5) else draw_running(people)
            _put_grant(people, account, Role.OFFICER, span, officer_id=officer)


def _draw_dead_grants(people: People, holders: Sequence[Holder]) -> None:
    """Rights of other places that have ended or are yet to begin, and mandates of officers."""
    for holder in holders:
        if holder.agency_id is not None:
            other = people.agencies[2]
            _put_grant(people, holder.account, holder.role, draw_idle(people), agency_id=other)
        if holder.role is Role.OFFICER and holder.officer_id is not None:
            for place, span in enumerate((draw_running(people), draw_idle(people))):
                name = f"drawn-mandate-{place}"
                _put_grant(people, name, Role.OFFICER_REP, span, officer_id=holder.officer_id)


def _draw_checks(people: People) -> None:
    """Checks of two agencies: of each scope, every way to spoil one is met by people who would be told of otherwise.

    Those who handle records are mostly sound candidates of others.
    """
    listed = [*people.officers[Listing.LISTED], *people.officers[Listing.NO_FINDING]]
    for place, kind in product(PLACES, ("FULL", "LIMITED")):
        strangers = [officer for officer in listed if officer not in people.own]
        ways = dict(zip(people.random.sample(strangers, len(strangers)), cycle(CHECK_WAYS)))
        for officer in people.everyone:
            way = ways.get(officer, "sound")
            if officer in ways or people.is_likely(0.7):
                _draw_check(people, people.agencies[place], officer, kind, way)


def _draw_check(people: People, agency: UUID, officer: UUID, kind: str, way: str) -> None:
    at = people.at
    ends = at + timedelta(microseconds=1)
    before = at - timedelta(days=9)
    consent = people.add(
        "registry.consents",
        officer_id=people.choose(people.everyone) if way == "other officer" else officer,
        agency_id=people.agencies[2] if way == "other agency" else agency,
        scope="LIMITED" if way == "limited" else people.choose(("FULL", kind)),
        purpose="monitoring" if way == "for monitoring" else "hiring",
        granted_at=at if way == "just given" else before,
        expires_at=people.choose((at, at - timedelta(days=1))) if way == "consent over" else at + timedelta(days=20),
        uses_left=people.random.randint(0, 3),
        revoked_at=people.choose((at, before + timedelta(days=1))) if way == "revoked" else None,
    )
    opened = ends if way == "early" else at if way == "just given" else before
    people.add(
        "registry.candidate_checks",
        agency_id=agency,
        opened_by="someone else",
        kind=kind,
        reason=people.choose(("HIRE", "ASSIGN", "PROMOTE")),
        match_result=str(MatchResult.POSSIBLE if way == "unmatched" else MatchResult.MATCH),
        officer_id=None if way == "unmatched" else officer,
        consent_id=None if way == "without consent" else consent,
        opened_at=before if way == "over" else opened,
        expires_at=people.choose((at, at - timedelta(days=2))) if way == "over" else at + timedelta(days=30),
        closed_at=people.choose((at, at - timedelta(days=2))) if way == "closed" else people.choose((None, ends)),
    )


def _draw_openings(people: People, states: Mapping[UUID, RecordState], holders: Sequence[Holder]) -> None:
    """Assignments and break-glass accesses: of the one who asks, of others, in other roles, running and not.

    Some outcomes in every state are open to everyone who can have one opened.
    """
    due = {outcome for state in RecordState for outcome in [key for key, each in states.items() if each is state][:3]}
    for outcome in states:
        for holder in holders:
            if outcome not in due and not people.is_likely(0.3):
                continue
            if holder.role in {Role.DOJ_ADJUDICATOR, Role.POST_OFFICER}:
                _draw_assignment(people, outcome, holder, sound=outcome in due)
            elif holder.role is Role.AUDITOR:
                way = "open" if outcome in due else people.choose(OPENING_WAYS)
                _draw_opening(people, outcome, holder.account, way)
        if people.is_likely(0.3):
            _draw_opening(people, outcome, "drawn-other-auditor", "open")


def _draw_assignment(people: People, outcome: UUID, holder: Holder, *, sound: bool) -> None:
    right = sound or people.is_likely(0.7)
    people.add(
        "registry.case_assignments",
        series_id=outcome,
        account=holder.account,
        role=str(holder.role if right else Role.POST_OFFICER),
        valid=draw_running(people) if sound or people.is_likely(0.7) else draw_idle(people),
        assigned_by="someone else",
    )


def _draw_opening(people: People, outcome: UUID, account: str, way: str) -> None:
    spans = {
        "open": Range(people.at - timedelta(hours=1), people.at + timedelta(microseconds=1)),
        "over": Range(people.at - timedelta(hours=2), people.at),
        "early": Range(people.at + timedelta(microseconds=1), people.at + timedelta(hours=1)),
        "ended": Range(empty=True),
    }
    valid = spans.get(way)
    people.add(
        "registry.break_glass_accesses",
        series_id=outcome,
        account=account,
        case_number="DRAWN-1",
        reason="a reason of the case",
        hours=4,
        requested_at=people.at - timedelta(hours=3),
        approved_by="another person" if valid is not None else None,
        approved_at=people.at - timedelta(hours=2) if valid is not None else None,
        valid=valid,
        ended_by=account if way == "ended" else None,
        ended_at=people.at - timedelta(hours=1) if way == "ended" else None,
    )


def _draw_agency_rows(people: People, outcomes: Sequence[UUID], bodies: Sequence[UUID]) -> None:
    """What agencies read of themselves: credentials, duties, monitors, notices and tasks."""
    for number, agency in enumerate(people.agencies):
        draw_duties(people, agency, number)
        draw_credentials(people, agency, bodies)
        stints = [row for row in people.tables["registry.stints"] if row["agency_id"] == agency]
        for officer in people.random.sample(people.everyone, 3):
            served = [row["id"] for row in stints if row["officer_id"] == officer]
            people.add(
                "registry.monitor_subscriptions",
                agency_id=agency,
                officer_id=officer,
                stint_id=people.aside.choice((*served, None)),
                valid=draw_running(people) if people.is_likely(0.5) else draw_idle(people),
                renewal_due=people.draw_day(0, 90),
            )
        for outcome in people.random.sample(list(outcomes), 3):
            notice = _draw_notice(people, outcome, agency_id=agency)
            people.add(
                "registry.reliance_tasks",
                notice_id=notice,
                agency_id=agency,
                chain_id="drawn",
                chain_position=number,
                required_action=str(people.aside.choice(list(RequiredAction))),
                due_at=people.at + timedelta(days=number // 2),
                done_by="someone else" if number % 3 == 0 else None,
                done_at=people.at - timedelta(hours=number) if number % 3 == 0 else None,
            )
    for officer in people.everyone:
        _draw_notice(people, people.choose(outcomes), officer_id=officer)
    for state in POST_STATES:
        _draw_notice(people, people.choose(outcomes), state_code=state)


def _draw_notice(people: People, outcome: UUID, **recipient: UUID | str) -> UUID:
    whole: dict[str, Any] = {"agency_id": None, "officer_id": None, "state_code": None} | recipient
    return people.add(
        "registry.notices",
        series_id=outcome,
        version=1,
        cause=people.choose(NOTICE_CAUSES),
        event_id=people.draw_id(),
        channel="INBOX",
        created_at=people.at - timedelta(days=people.random.randint(1, 90)),
        acknowledged_at=people.aside.choice((None, people.at - timedelta(hours=5))),
        due_at=people.choose((None, people.at + timedelta(days=9))),
        **whole,
    )


def _draw_records(people: People, outcomes: Sequence[UUID]) -> None:
    """Records of the audit chain with what they disclosed; their hashes are of nothing, for nobody verifies them."""
    chain = people.draw_id()
    about = {row["id"]: row["officer_id"] for row in people.tables["registry.outcome_series"]}
    for position in range(1, 41):
        items = people.random.sample(list(outcomes), people.random.randint(0, 3))
        kind = "COMMAND" if position % 9 == 0 else "DISCLOSURE" if items else "QUERY"
        record = people.add(
            "audit.records",
            chain_id=chain,
            position=position,
            kind=kind,
            at=people.at - timedelta(days=position),
            account=f"drawn-{position}",
            role=str(people.choose((Role.HIRING_INVESTIGATOR, Role.POST_OFFICER))),
            purpose="hiring",
            agency_id=people.choose((None, *people.agencies)),
            state_code=people.choose((None, "WA")),
            check_id=None,
            operation=f"Drawn{position}",
            document_sha256=people.random.randbytes(32),
            policy_sha256=people.random.randbytes(32),
            input_commitment=people.random.randbytes(32),
            result="DONE",
            item_count=len(items),
            items_sha256=people.random.randbytes(32),
            previous_hash=people.random.randbytes(32),
            hash=people.random.randbytes(32),
        )
        for ordinal, outcome in enumerate(items, start=1):
            officer = people.officers[Listing.LISTED][0] if position % 4 == 0 else about[outcome]
            people.put(
                "audit.items", record_id=record, ordinal=ordinal, officer_id=officer, series_id=outcome, version=1
            )
