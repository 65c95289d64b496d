"""What agencies owe and hold, and the exports of analysts, drawn at random: rows that are about no officer.

Some are of today, some over, some only drafts; the same random source draws the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

from asyncpg import Range

from app.domain.vocabulary import CredentialStatus, ExportFailure, ExportFormat, ExportState
from tests.properties.drawn_people import People


def draw_exports(people: People, account: str) -> None:
    """Exports in every state, of the one who asks and of another."""
    for owner, state in product((account, "drawn-other-analyst"), ExportState):
        ready, failed = state is ExportState.READY, state is ExportState.FAILED
        begun = None if state is ExportState.QUEUED else people.at - timedelta(days=1)
        people.add_aside(
            "registry.analysis_exports",
            account=owner,
            format=str(people.aside.choice(list(ExportFormat))),
            question=people.aside.choice(("{}", '{"year":{"eq":2024}}')),
            state=str(state),
            failure=str(people.aside.choice(list(ExportFailure))) if failed else None,
            requested_at=people.at - timedelta(days=people.aside.choice((1, 2, 2, 3))),
            started_at=begun,
            finished_at=begun if ready or failed else None,
            expires_at=people.at + timedelta(days=6) if ready else None,
            rows_estimated=people.aside.choice((None, 40)),
            rows_done=30 if ready else 0,
            size_bytes=4000 if ready else None,
            sha256=people.aside.randbytes(32) if ready else None,
            attempts=1,
        )


def draw_duties(people: People, agency: UUID, number: int) -> None:
    for place, role in enumerate(("SUBMITTER", "QUERIER", "MONITOR")[: 1 + number % 3]):
        _draw_enrollment(people, agency, number, role, add=people.add_aside if place else people.add, over=place == 1)
    for quarter in range(1 + number % 3):
        _draw_quarter(people, agency, number, quarter, people.add_aside if quarter else people.add)
    # Of one agency there are only drafts; of another the newest decision is one of two that speak of one day.
    for turn in range(3):
        _draw_eligibility(people, agency, number, turn, people.add_aside if turn else people.add)


def _draw_enrollment(
    people: People, agency: UUID, number: int, role: str, *, add: Callable[..., Any], over: bool
) -> None:
    day = people.at.date()
    add(
        "registry.agency_enrollments",
        agency_id=agency,
        role=role,
        certifying_official="an official",
        valid=Range(day - timedelta(days=100), day if over else None),
        last_attestation=None if number % 2 else day,
        renewal_due=day + timedelta(days=number),
    )


def _draw_quarter(people: People, agency: UUID, number: int, quarter: int, add: Callable[..., Any]) -> None:
    day = people.at.date()
    span = Range(day - timedelta(days=90 * (quarter + 1)), day - timedelta(days=90 * quarter))
    certified = quarter > 0 or number == 5
    add(
        "registry.period_reports",
        agency_id=agency,
        period=span,
        report_count=number,
        certified_by="an official" if certified else None,
        certified_at=people.at - timedelta(days=quarter) if certified else None,
    )
    add(
        "registry.attestations",
        agency_id=agency,
        period=span,
        statement="a statement",
        history_digest="drawn",
        answer=bool(number % 2),
        attested_by="someone else",
    )


def _draw_eligibility(people: People, agency: UUID, number: int, turn: int, add: Callable[..., Any]) -> None:
    decided = number != 4 and (turn > 0 or number % 2 == 0)
    add(
        "registry.grant_eligibilities",
        agency_id=agency,
        as_of=people.at.date() - timedelta(days=number + turn // 2),
        result=("ELIGIBLE", "PROVISIONAL", "NOT_ELIGIBLE", "EXEMPT")[(number + turn) % 4],
        proof=f'{{"number": {number}, "needs": {{"a report": [true, null, "{turn}"]}}, "of": "\\u00e9"}}',
        decided_by="someone else" if decided else None,
        decided_at=people.at - timedelta(hours=turn) if decided else None,
    )


def draw_credentials(people: People, agency: UUID, bodies: Sequence[UUID]) -> None:
    """Credentials one after the other; today's stands in any status, with any body or none."""
    day = people.at.date()
    for span in (
        Range(day - timedelta(days=300), day),
        Range(day, people.choose((None, day + timedelta(days=1)))),
    ):
        credential = people.add(
            "registry.agency_credentials",
            agency_id=agency,
            body_id=people.choose((*bodies, *bodies, None)),
            status=str(people.choose(list(CredentialStatus)[1:5])),
            basis=people.choose(("BODY_REVIEW", "HEAD_AFFIRMATION", None)),
            valid=span,
            policy_sha256=people.choose((None, people.random.randbytes(32))),
        )
        for test in ("BAN_ON_CHOKEHOLDS", "DE_ESCALATION"):
            people.add(
                "registry.policy_tests",
                credential_id=credential,
                test=test,
                result=people.choose(("PASSED", "FAILED", "NOT_REVIEWED")),
                clause_sha256=people.random.randbytes(32),
            )
