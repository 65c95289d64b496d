"""The outcomes of the demonstration's story, one in each state that a visitor should meet.

No outcome here is about anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.demo.cast import (
    BENNETT,
    COLEMAN,
    DIXON,
    FOSTER,
    GULLWING,
    HARBORLIGHT,
    HUGHES,
    MITCHELL,
    PETERSON,
    QUILLMOOR,
    REED,
    SANDERS,
    TORRES,
    WALKER,
    CastAgency,
    CastOfficer,
    StoryOutcome,
)
from app.demo.population.agencies import Line
from app.demo.population.chance import Chance
from app.demo.population.outcomes import draw_content
from app.demo.population.proceedings import COURT, Proceeding, Report, Standing, write_moment
from app.domain.vocabulary import (
    DisputeState,
    Finality,
    Lifecycle,
    OutcomeKind,
    ReportType,
    VoidReason,
)

_WAY = (
    (Lifecycle.DRAFT, 130),
    (Lifecycle.SUBMITTED, 120),
    (Lifecycle.AWAITING_EVIDENCE, 118),
    (Lifecycle.PROCESS_REVIEW, 80),
    (Lifecycle.NOTICE, 50),
    (Lifecycle.CLEARED, 0),
)
STATEMENT = (
    "I was refused the recording that the finding rests on. I asked for it in writing twice and "
    "have put both letters before the board."
)


def tell_proceedings(chance: Chance, now: datetime) -> Iterator[Proceeding]:
    """Every proceeding of the story, as of `now`."""
    for tell in (_tell_walker, _tell_open_cases, _tell_ended_cases, _tell_held_cases, _tell_changed_cases):
        yield from tell(chance, now)


def _tell_walker(chance: Chance, now: datetime) -> Iterator[Proceeding]:
    """Dismissed for force with every step of fair process; his decertification is still under review."""
    yield _proceeding(
        chance,
        StoryOutcome.WALKER_TERMINATED,
        WALKER,
        HARBORLIGHT,
        OutcomeKind.TERMINATION,
        action=now - timedelta(days=913),
        standings=_way_to(Lifecycle.CLEARED, now - timedelta(days=760)),
    )
    yield _proceeding(
        chance,
        StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW,
        WALKER,
        HARBORLIGHT,
        OutcomeKind.DECERTIFICATION,
        action=now - timedelta(days=200),
        standings=_way_to(Lifecycle.PROCESS_REVIEW, now - timedelta(days=12)),
    )


def _tell_open_cases(chance: Chance, now: datetime) -> Iterator[Proceeding]:
    yield _proceeding(
        chance,
        StoryOutcome.MITCHELL_IN_REVIEW,
        MITCHELL,
        HARBORLIGHT,
        OutcomeKind.EXCESSIVE_FORCE_FINDING,
        action=now - timedelta(days=75),
        standings=_way_to(Lifecycle.PROCESS_REVIEW, now - timedelta(days=9)),
    )
    yield _proceeding(
        chance,
        StoryOutcome.BENNETT_NOTICE,
        BENNETT,
        GULLWING,
        OutcomeKind.EXCESSIVE_FORCE_FINDING,
        action=now - timedelta(days=160),
        standings=_way_to(Lifecycle.NOTICE, now - timedelta(days=11)),
    )


def _tell_ended_cases(chance: Chance, now: datetime) -> Iterator[Proceeding]:
    cleared = _way_to(Lifecycle.CLEARED, now - timedelta(days=700))
    overturned = Standing(
        at=now - timedelta(days=310),
        lifecycle=Lifecycle.VOIDED,
        finality=Finality.OVERTURNED,
        void_reason=VoidReason.OVERTURNED,
    )
    yield _proceeding(
        chance,
        StoryOutcome.HUGHES_VOIDED,
        HUGHES,
        HARBORLIGHT,
        OutcomeKind.TERMINATION,
        action=now - timedelta(days=1096),
        standings=[*cleared, overturned],
    )
    yield _proceeding(
        chance,
        StoryOutcome.PETERSON_NO_FINDING,
        PETERSON,
        HARBORLIGHT,
        OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION,
        action=now - timedelta(days=292),
        standings=_way_to(Lifecycle.CLEARED, now - timedelta(days=90), finality=Finality.NON_FINAL),
    )


def _tell_held_cases(chance: Chance, now: datetime) -> Iterator[Proceeding]:
    for outcome, officer, agency, hold, since in (
        (StoryOutcome.SANDERS_SEALED, SANDERS, GULLWING, "SEAL_ORDER", 420),
        (StoryOutcome.REED_SUSPENDED, REED, HARBORLIGHT, "STAY", 35),
    ):
        yield _proceeding(
            chance,
            outcome,
            officer,
            agency,
            OutcomeKind.TERMINATION,
            action=now - timedelta(days=since + 290),
            standings=_way_to(Lifecycle.CLEARED, now - timedelta(days=since + 60)),
            extras={"holds": [_write_hold(chance, hold, now - timedelta(days=since))]},
        )


def _tell_changed_cases(chance: Chance, now: datetime) -> Iterator[Proceeding]:
    yield _proceeding(
        chance,
        StoryOutcome.TORRES_CORRECTED,
        TORRES,
        GULLWING,
        OutcomeKind.TERMINATION,
        action=now - timedelta(days=731),
        standings=_way_to(Lifecycle.CLEARED, now - timedelta(days=540)),
        corrected_at=now - timedelta(days=120),
    )
    cleared = _way_to(Lifecycle.CLEARED, now - timedelta(days=260))
    at = now - timedelta(days=20)
    disputed = Standing(at=at, lifecycle=Lifecycle.CLEARED, finality=Finality.FINAL, dispute=DisputeState.DISPUTED)
    yield _proceeding(
        chance,
        StoryOutcome.COLEMAN_DISPUTED,
        COLEMAN,
        HARBORLIGHT,
        OutcomeKind.EXCESSIVE_FORCE_FINDING,
        action=now - timedelta(days=470),
        standings=[*cleared, disputed],
        extras=_write_dispute(chance, at),
    )


def tell_later_proceedings(chance: Chance, now: datetime) -> Iterator[Proceeding]:
    """An investigator's own record, and one that the law of its State keeps from employers."""
    yield _proceeding(
        chance,
        StoryOutcome.FOSTER_TERMINATED,
        FOSTER,
        GULLWING,
        OutcomeKind.TERMINATION,
        action=now - timedelta(days=1500),
        standings=_way_to(Lifecycle.CLEARED, now - timedelta(days=1350)),
    )
    yield _proceeding(
        chance,
        StoryOutcome.DIXON_NO_FINDING,
        DIXON,
        QUILLMOOR,
        OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION,
        action=now - timedelta(days=260),
        standings=_way_to(Lifecycle.CLEARED, now - timedelta(days=70), finality=Finality.NON_FINAL),
    )


def _way_to(last: Lifecycle, at: datetime, *, finality: Finality = Finality.FINAL) -> list[Standing]:
    """The way through the states up to `last`, which was reached at `at`."""
    states = [state for state, _ in _WAY]
    ending = _WAY[states.index(last)][1]
    return [
        Standing(
            at=at - timedelta(days=before - ending),
            lifecycle=state,
            finality=finality if state in (Lifecycle.NOTICE, Lifecycle.CLEARED) else Finality.NON_FINAL,
        )
        for state, before in _WAY[: states.index(last) + 1]
    ]


def _proceeding(
    chance: Chance,
    outcome: StoryOutcome,
    officer: CastOfficer,
    agency: CastAgency,
    kind: OutcomeKind,
    *,
    action: datetime,
    standings: list[Standing],
    corrected_at: datetime | None = None,
    extras: Line | None = None,
) -> Proceeding:
    day = action.date()
    content = draw_content(chance, kind, day, forced=True)
    reports = [Report(at=standings[0].at, report_type=ReportType.INITIAL, content=content)]
    if corrected_at is not None:
        corrected = content | {"salt": chance.new_digest(), "final_finding": "SUSTAINED", "on_duty": False}
        reports.append(Report(at=corrected_at, report_type=ReportType.CORRECTION, content=corrected))
    return Proceeding(
        id=outcome.value,
        matter_id=outcome.matter_id,
        officer_id=officer.id,
        agency_id=agency.id,
        custodian=agency.name,
        kind=kind,
        opened_on=day - timedelta(days=210),
        action_date=day,
        force_related=True,
        standings=standings,
        reports=reports,
        extras=extras or {},
    )


def _write_hold(chance: Chance, kind: str, since: datetime) -> Line:
    at = write_moment(since)
    return {
        "id": chance.new_id(),
        "kind": kind,
        "from": at,
        "authority": COURT,
        "order_number": f"INVENTED-{chance.whole(1000, 9999)}",
        "order_sha256": chance.new_digest(),
        "placed_by": "demo-registrar",
        "placed_at": at,
    }


def _write_dispute(chance: Chance, opened: datetime) -> Line:
    at = write_moment(opened)
    due = write_moment(opened + timedelta(days=30))
    return {
        "disputes": [{"id": chance.new_id(), "ground": "FACTUAL", "opened_at": at, "reporter_response_due": due}],
        "statements": [
            {
                "id": chance.new_id(),
                "version": 1,
                "body": STATEMENT,
                "screened_by": "demo-registrar",
                "screened_at": at,
                "from": at,
            }
        ],
    }
