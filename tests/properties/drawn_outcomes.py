"""Outcomes drawn at random in every standing that the table of record states knows, with all that hangs on them.

Every lifecycle meets every finality and hold; every officer who handles records has an outcome in every state he can.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise, product
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import Range

from app.domain.vocabulary import (
    DisputeState,
    DocumentKind,
    Finality,
    HoldInForce,
    HoldKind,
    Lifecycle,
    OutcomeKind,
    ProcessElement,
    RecordState,
    VoidReason,
)
from app.policy.record_states import RecordStateTable
from tests.properties.drawn_people import Listing, People

# Which officers may have an outcome in these states; in any other state everyone with a record.
_CLEARED = (Listing.LISTED, Listing.LISTED_IN_ONE_STATE)
_NO_FINDING = (*_CLEARED, Listing.NO_FINDING, Listing.NO_FINDING_IN_ONE_STATE)
# Texts that JSON, SQL or a pattern could take for something else.
MANUALS = (
    *("manual", "it's", 'a "manual"', "back\\slash 100%", "line\nbreak\ttab"),
    *("\u00a7 12 \u201cforce\u201d", "\u2028\U0001f46e"),
)
_LISTING = {RecordState.CLEARED, RecordState.NO_FINDING}


class Standing(NamedTuple):
    """The axes of one outcome."""

    lifecycle: Lifecycle
    finality: Finality
    dispute: DisputeState
    hold: HoldInForce
    kind: OutcomeKind


def sort_standings(table: RecordStateTable) -> dict[RecordState, list[Standing]]:
    """Every combination of the axes, by the state it is in."""
    found: dict[RecordState, list[Standing]] = defaultdict(list)
    for axes in product(Lifecycle, Finality, DisputeState, HoldInForce, OutcomeKind):
        found[table.state_of(*axes)].append(Standing(*axes))
    return found


def draw_outcomes(people: People, table: RecordStateTable, *, more: int = 0) -> dict[UUID, RecordState]:
    """Draw outcomes about the officers already there, `more` of them beyond those that are due; each one's state."""
    by_state = sort_standings(table)
    drawn: dict[UUID, RecordState] = {}

    def draw(standing: Standing, officer: UUID) -> None:
        state = table.state_of(*standing)
        drawn[_draw_outcome(people, standing, officer, state)] = state

    # Not all at random: every lifecycle with every finality and hold, and with some dispute and kind.
    for axes in product(Lifecycle, Finality, HoldInForce):
        lifecycle, finality, hold = axes
        dispute, kind = people.choose(list(DisputeState)), people.choose(list(OutcomeKind))
        standing = Standing(lifecycle, finality, dispute, hold, kind)
        draw(standing, _draw_officer(people, table.state_of(*standing)))
    for officer, state in _list_due(people, by_state):
        draw(people.choose(by_state[state]), officer)
    everywhere = [standing for standings in by_state.values() for standing in standings]
    for _ in range(more):
        standing = people.choose(everywhere)
        draw(standing, _draw_officer(people, table.state_of(*standing)))
    return drawn


def _list_due(people: People, states: dict[RecordState, list[Standing]]) -> Iterator[tuple[UUID, RecordState]]:
    """What lists an officer, and for those who handle records an outcome in every state."""
    for listing, officers in people.officers.items():
        for officer in officers:
            if listing in _CLEARED:
                yield officer, RecordState.CLEARED
            if listing in _NO_FINDING:
                yield officer, RecordState.NO_FINDING
    for officer in people.own:
        yield from ((officer, state) for state in states if officer in _list_possible(people, state))


def _list_possible(people: People, state: RecordState) -> list[UUID]:
    allowed = {RecordState.CLEARED: _CLEARED, RecordState.NO_FINDING: _NO_FINDING}.get(state)
    return [
        officer
        for listing, officers in people.officers.items()
        if listing is not Listing.WITHOUT_RECORD and (allowed is None or listing in allowed)
        for officer in officers
    ]


def _draw_officer(people: People, state: RecordState) -> UUID:
    possible = _list_possible(people, state)
    own = [officer for officer in possible if officer in people.own]
    chosen: UUID = people.choose(own if people.is_likely(0.35) else possible)
    return chosen


def _draw_agency(people: People, officer: UUID, state: RecordState) -> UUID:
    in_one = any(officer in found for listing, found in people.officers.items() if listing.in_one_state)
    chosen: UUID = people.choose(people.agencies[3:5] if in_one and state in _LISTING else people.agencies)
    return chosen


def _draw_outcome(people: People, standing: Standing, officer: UUID, state: RecordState) -> UUID:
    number = len(people.tables.get("registry.outcome_series", ()))
    agency = _draw_agency(people, officer, state)
    begun = people.at - timedelta(days=people.random.randint(100, 900))
    versions = 1 if state is RecordState.EXPUNGED or people.is_likely(0.7) else 2
    noticed = standing.lifecycle is Lifecycle.NOTICE or people.is_likely(0.3)
    matter = _draw_matter(people, agency, number)
    series = people.add(
        "registry.outcome_series",
        analyst_id=people.draw_id(),
        officer_id=officer,
        agency_id=agency,
        matter_id=matter,
        kind=str(standing.kind),
        lifecycle=str(standing.lifecycle),
        finality=str(standing.finality),
        dispute=str(standing.dispute),
        void_reason=str(people.choose(list(VoidReason))) if standing.lifecycle is Lifecycle.VOIDED else None,
        current_version=versions,
        created_at=begun,
        notice_served_at=begun + timedelta(days=20) if noticed else None,
        respond_by=begun + timedelta(days=50) if noticed else None,
        cleared_at=begun + timedelta(days=60) if standing.lifecycle is Lifecycle.CLEARED else None,
    )
    _draw_versions(people, series, versions, begun, expunged=state is RecordState.EXPUNGED)
    _draw_statuses(people, series, standing, begun)
    _draw_holds(people, series, standing.hold)
    if people.is_likely(0.8):
        people.add(
            "registry.determinations",
            series_id=series,
            version=versions,
            rule_pack=f"pack-{number}",
            rule_pack_version=1 + number,
            result="NOT_SATISFIED",
            missing=[str(people.choose(list(ProcessElement)))],
            decided_by="someone else",
            decided_at=begun + timedelta(days=30),
        )
        if people.aside.random() < 0.4:
            people.add_aside(
                "registry.determinations",
                series_id=series,
                version=versions,
                rule_pack=f"pack-{number}",
                rule_pack_version=2 + number,
                result="SATISFIED",
                missing=[],
                decided_by="someone else",
                decided_at=begun + timedelta(days=people.aside.choice((30, 60))),
            )
    return series


def _draw_matter(people: People, agency: UUID, number: int) -> UUID:
    matter = people.add(
        "registry.matters",
        kind="INTERNAL_INVESTIGATION",
        agency_id=agency,
        court=f"matter court {number}" if number % 2 else None,
        case_number=f"DRAWN-{number}",
        force_related=people.choose((True, False, None)),
        opened_on=people.draw_day(200, 900),
        **_draw_course(people),
    )
    people.add(
        "registry.evidence_items",
        matter_id=matter,
        sha256=people.random.randbytes(32) if number % 2 else None,
        document_kind=str(people.choose(list(DocumentKind))),
        custodian=f"custodian {number}",
        held_on=people.draw_day(100, 200),
        media_type=people.aside.choice(("application/pdf", None)),
        redacted=bool(number % 2),
    )
    people.add(
        "registry.process_steps",
        matter_id=matter,
        element=str(people.choose(list(ProcessElement))),
        occurred_on=people.draw_day(100, 200) if number % 3 else None,
        by_office=f"office {number}",
        waived=number % 5 == 0,
    )
    return matter


def _draw_course(people: People) -> dict[str, Any]:
    """How far a matter has come."""
    noticed, closed = (people.at.date() - timedelta(days=people.aside.randint(20, 190)) for _ in range(2))
    if people.aside.random() < 0.5:
        return {"status": "OPEN", "notice_served_on": noticed, "closed_on": None, "disposition": None}
    return {"status": "CLOSED", "notice_served_on": None, "closed_on": closed, "disposition": "SUSTAINED"}


def _draw_versions(people: People, series: UUID, count: int, begun: Any, *, expunged: bool) -> None:
    said_until = people.at - timedelta(days=9)
    for version in range(1, count + 1):
        last = version == count
        recorded = Range(begun if version == 1 else said_until, None if last else said_until)
        people.put(
            "registry.outcome_versions",
            series_id=series,
            version=version,
            report_type="INITIAL" if version == 1 else "CORRECTION",
            supersedes=None if version == 1 else version - 1,
            valid=Range(begun.date(), None),
            recorded=recorded,
            content_commitment=people.random.randbytes(32),
        )
        if not expunged:
            _draw_content(people, series, version)
        if people.is_likely(0.3) and last:
            # It may have been taken back since.
            until = people.aside.choice((None, None, None, people.at - timedelta(days=2)))
            people.add(
                "registry.officer_statements",
                series_id=series,
                version=version,
                body=f"my side {people.random.random()}",
                recorded=Range(recorded.lower, until),
            )
        elif not last and people.aside.random() < 0.5:
            people.add_aside(
                "registry.officer_statements",
                series_id=series,
                version=version,
                body=f"my first side {people.aside.random()}",
                recorded=recorded,
            )


def _draw_statuses(people: People, series: UUID, standing: Standing, begun: Any) -> None:
    """How it stood from the beginning on; the last of it is how it stands."""
    aside = people.aside
    days = sorted(aside.sample(range(1, 99), aside.choice((0, 1, 1, 2))), reverse=True)
    for since, until in pairwise([begun, *(people.at - timedelta(days=each) for each in days), None]):
        lifecycle = standing.lifecycle if until is None else aside.choice(list(Lifecycle))
        people.put(
            "registry.outcome_statuses",
            series_id=series,
            recorded=Range(since, until),
            lifecycle=str(lifecycle),
            finality=str(standing.finality if until is None else aside.choice(list(Finality))),
            dispute=str(standing.dispute if until is None else aside.choice(list(DisputeState))),
            void_reason=str(aside.choice(list(VoidReason))) if lifecycle is Lifecycle.VOIDED else None,
        )


def _draw_content(people: People, series: UUID, version: int) -> None:
    def draw(*values: Any) -> Any:
        return people.choose((None, *values))

    forced = people.is_likely(0.4)
    people.put(
        "registry.outcome_contents",
        series_id=series,
        version=version,
        commitment_salt=people.random.randbytes(16),
        action_date=people.aside.choice((people.draw_day(100, 900), people.at.date() - timedelta(days=300))),
        basis=["DISHONESTY"] if people.is_likely(0.5) else [],
        force_related=forced,
        force_types=["CANINE"] if forced else [],
        on_duty=draw(True, False),
        recommended_finding=draw("SUSTAINED"),
        final_finding=draw("SUSTAINED"),
        standard_of_proof=draw("PREPONDERANCE"),
        legal_basis=f"{people.aside.choice(MANUALS)} {people.random.random()}",
        conviction_basis=draw("JURY_VERDICT"),
        civil_basis=draw("VERDICT"),
        court=draw("a court", "another court"),
        court_case_number=draw("DRAWN-C-1", "DRAWN-C-2"),
    )


def _draw_holds(people: People, series: UUID, hold: HoldInForce) -> None:
    """Holds that amount to `hold` now, and some that are over or yet to begin."""
    others = [kind for kind in HoldKind if kind is not HoldKind.SEAL_ORDER]
    kinds: list[HoldKind] = []
    if hold is HoldInForce.SEAL:
        kinds = [HoldKind.SEAL_ORDER, *([people.choose(others)] if people.is_likely(0.3) else [])]
    elif hold is HoldInForce.OTHER:
        kinds = people.random.sample(others, people.random.randint(1, 2))
    spans = [(kind, draw_running(people)) for kind in kinds]
    spans += [(kind, draw_idle(people)) for kind in HoldKind if kind not in kinds and people.is_likely(0.15)]
    for kind, valid in spans:
        people.add(
            "registry.holds",
            series_id=series,
            kind=str(kind),
            valid=valid,
            authority="Superior Court of an invented county",
            order_number=f"DRAWN-H-{people.random.random()}",
            placed_by="someone else",
        )


def draw_running(people: People) -> Range[Any]:
    """A span in which now lies; it may have begun at this very moment."""
    begun = people.at - timedelta(seconds=people.choose((0, 1, 86_400 * 30)))
    return Range(begun, people.choose((None, people.at + timedelta(microseconds=1), people.at + timedelta(days=30))))


def draw_idle(people: People) -> Range[Any]:
    """A span in which now does not lie; it may end at this very moment."""
    if people.is_likely(0.3):
        return Range(people.at + timedelta(microseconds=people.choose((1, 10**12))), None)
    return Range(people.at - timedelta(days=50), people.at - timedelta(seconds=people.choose((0, 1, 86_400))))
