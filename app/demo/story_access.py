"""Who may do what in the demonstration: grants, consents, checks, assignments, monitors, notices and past disclosures.

Every right ends: nothing here outlives the demonstration by more than a year.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.demo.cast import (
    BENNETT,
    CINDER_COVE,
    HARBORLIGHT,
    PETERSON,
    PRICE,
    REED,
    TALLOWMERE,
    TORRES,
    WALKER,
    Account,
    CastOfficer,
    StoryCheck,
    StoryOutcome,
)
from app.demo.population.agencies import Line
from app.demo.population.proceedings import write_moment
from app.domain.vocabulary import Role


def write_access(now: datetime) -> Iterator[Line]:
    """Every line about rights and notices, as of `now`."""
    yield from _write_grants(now)
    yield from _write_checks(now)
    yield {
        "kind": "assignment",
        "id": "89990001-0000-4000-8000-000000000001",
        "outcome": StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW.value,
        "account": Account.POST.value,
        "role": Role.POST_OFFICER.value,
        "from": write_moment(now - timedelta(days=12)),
        "to": write_moment(now + timedelta(days=90)),
        "assigned_by": Account.REGISTRAR.value,
    }
    yield {
        "kind": "monitor",
        "id": "79990001-0000-4000-8000-000000000001",
        "agency": CINDER_COVE.id,
        "officer": WALKER.id,
        "from": write_moment(now - timedelta(days=500)),
        "to": write_moment(now + timedelta(days=230)),
        "renewal_due": (now + timedelta(days=200)).date().isoformat(),
    }
    yield from _write_disclosures(now)
    yield from _write_notices(now)


def _write_grants(now: datetime) -> Iterator[Line]:
    held: tuple[tuple[Account, Role, Line], ...] = (
        (Account.INVESTIGATOR, Role.HIRING_INVESTIGATOR, {"agency": TALLOWMERE.id}),
        (Account.RECORDS, Role.RECORDS_OFFICER, {"agency": HARBORLIGHT.id}),
        (Account.RECORDS_COVE, Role.RECORDS_OFFICER, {"agency": CINDER_COVE.id}),
        (Account.HEAD, Role.AGENCY_HEAD, {"agency": HARBORLIGHT.id}),
        (Account.POST, Role.POST_OFFICER, {"state": "WA"}),
        (Account.POST_OREGON, Role.POST_OFFICER, {"state": "OR"}),
        (Account.OFFICER, Role.OFFICER, {"officer": WALKER.id}),
    )
    for place, (account, role, scope) in enumerate(held, start=1):
        yield {
            "kind": "grant",
            "id": f"99990001-0000-4000-8000-{place:012d}",
            "account": account.value,
            "role": role.value,
            **scope,
            "from": write_moment(now - timedelta(days=365)),
            "to": write_moment(now + timedelta(days=365)),
            "granted_by": Account.REGISTRAR.value,
            "granted_at": write_moment(now - timedelta(days=365)),
        }


def _write_checks(now: datetime) -> Iterator[Line]:
    """Tallowmere's checks: (check, officer, scope, days ago opened, whether it is closed)."""
    opened: tuple[tuple[StoryCheck, CastOfficer, str, int, bool], ...] = (
        (StoryCheck.WALKER_FULL, WALKER, "FULL", 2, False),
        (StoryCheck.TORRES_LIMITED, TORRES, "LIMITED", 3, False),
        (StoryCheck.PETERSON_LIMITED, PETERSON, "LIMITED", 3, False),
        (StoryCheck.PRICE_FULL, PRICE, "FULL", 1, False),
        (StoryCheck.REED_CLOSED, REED, "FULL", 60, True),
    )
    for check, officer, scope, days, closed in opened:
        at = now - timedelta(days=days)
        yield {
            "kind": "consent",
            "id": check.consent_id,
            "officer": officer.id,
            "agency": TALLOWMERE.id,
            "scope": scope,
            "granted_at": write_moment(at - timedelta(hours=5)),
            "expires_at": write_moment(at + timedelta(days=30)),
        }
        line: Line = {
            "kind": "candidate_check",
            "id": check.value,
            "agency": TALLOWMERE.id,
            "opened_by": Account.INVESTIGATOR.value,
            "check_kind": scope,
            "reason": "HIRE",
            "match_result": "MATCH",
            "officer": officer.id,
            "consent": check.consent_id,
            "opened_at": write_moment(at),
            "expires_at": write_moment(at + timedelta(days=30)),
        }
        yield line | ({"closed_at": write_moment(at + timedelta(days=4))} if closed else {})


def _write_disclosures(now: datetime) -> Iterator[Line]:
    """What was disclosed before: Torres's record as it stood before its correction, and Reed's before its stay."""
    shared: Line = {
        "kind": "disclosure",
        "chain": "69990001-0000-4000-8000-000000000001",
        "account": Account.INVESTIGATOR.value,
        "role": Role.HIRING_INVESTIGATOR.value,
        "purpose": "hiring",
        "agency": TALLOWMERE.id,
        "operation": "CandidateRecord",
    }
    for place, (officer, outcome, days) in enumerate(
        ((TORRES, StoryOutcome.TORRES_CORRECTED, 150), (REED, StoryOutcome.REED_SUSPENDED, 58)), start=1
    ):
        yield shared | {
            "id": f"59990001-0000-4000-8000-{place:012d}",
            "at": write_moment(now - timedelta(days=days)),
            "items": [{"officer": officer.id, "outcome": outcome.value, "version": 1}],
        }


def _write_notices(now: datetime) -> Iterator[Line]:
    sent: tuple[tuple[Line, StoryOutcome, int, str, int], ...] = (
        ({"agency": TALLOWMERE.id}, StoryOutcome.TORRES_CORRECTED, 2, "CORRECTED", 120),
        ({"agency": TALLOWMERE.id}, StoryOutcome.REED_SUSPENDED, 1, "UNAVAILABLE", 35),
        ({"officer": BENNETT.id}, StoryOutcome.BENNETT_NOTICE, 1, "NOTICE_OF_CLEARANCE", 11),
        ({"officer": WALKER.id}, StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW, 1, "REPORT_FILED", 60),
    )
    for place, (recipient, outcome, version, cause, days) in enumerate(sent, start=1):
        at = now - timedelta(days=days)
        yield {
            "kind": "notice",
            "id": f"49990001-0000-4000-8000-{place:012d}",
            **recipient,
            "outcome": outcome.value,
            "version": version,
            "cause": cause,
            "channel": "ACCOUNT",
            "created_at": write_moment(at),
            "sent_at": write_moment(at + timedelta(minutes=1)),
            "due_at": write_moment(at + timedelta(days=30)),
        }
