"""Who may do what in the demonstration: grants, consents, checks, assignments, break-glass, monitors and notices.

Every right ends: nothing here outlives the demonstration by more than a year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from app.demo.cast import (
    BENNETT,
    CINDER_COVE,
    DIXON,
    FOSTER,
    HARBORLIGHT,
    MITCHELL,
    PETERSON,
    PRICE,
    REED,
    TALLOWMERE,
    TORRES,
    WALKER,
    Account,
    CastOfficer,
    StoryBody,
    StoryCheck,
    StoryOutcome,
)
from app.demo.population.agencies import Line
from app.demo.population.proceedings import write_moment
from app.domain.vocabulary import RequiredAction, Role

_BREAK_GLASS: Final = "19990001-0000-4000-8000-000000000001"
_CHAIN: Final = "69990001-0000-4000-8000-000000000001"
# To whom, of what, which version, why, so many days ago.
_SENT: Final[tuple[tuple[Line, StoryOutcome, int, str, int], ...]] = (
    ({"agency": TALLOWMERE.id}, StoryOutcome.TORRES_CORRECTED, 2, "CORRECTED", 120),
    ({"agency": TALLOWMERE.id}, StoryOutcome.REED_SUSPENDED, 1, "UNAVAILABLE", 35),
    ({"officer": BENNETT.id}, StoryOutcome.BENNETT_NOTICE, 1, "NOTICE_OF_CLEARANCE", 11),
    ({"officer": WALKER.id}, StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW, 1, "REPORT_FILED", 60),
)
# Registrars and auditors come from the operator alone; a mandate comes from the officer.
_GRANTED_BY: Final[Mapping[Role, str]] = {
    Role.REGISTRAR: "demo-operator",
    Role.AUDITOR: "demo-operator",
    Role.OFFICER_REP: Account.OFFICER.value,
}


def write_access(now: datetime) -> Iterator[Line]:
    """Every line about rights and notices, as of `now`."""
    yield from _write_grants(now)
    yield from _write_checks(now)
    yield from _write_assignments(now)
    yield from _write_break_glass(now)
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
    yield from _write_tasks(now)


def _write_grants(now: datetime) -> Iterator[Line]:
    held: tuple[tuple[Account, Role, Line], ...] = (
        (Account.INVESTIGATOR, Role.HIRING_INVESTIGATOR, {"agency": TALLOWMERE.id}),
        (Account.RECORDS, Role.RECORDS_OFFICER, {"agency": HARBORLIGHT.id}),
        (Account.RECORDS_COVE, Role.RECORDS_OFFICER, {"agency": CINDER_COVE.id}),
        (Account.HEAD, Role.AGENCY_HEAD, {"agency": HARBORLIGHT.id}),
        (Account.POST, Role.POST_OFFICER, {"state": "WA"}),
        (Account.POST_OREGON, Role.POST_OFFICER, {"state": "OR"}),
        (Account.OFFICER, Role.OFFICER, {"officer": WALKER.id}),
        (Account.REPRESENTATIVE, Role.OFFICER_REP, {"officer": WALKER.id}),
        (Account.INVESTIGATOR_WITH_RECORD, Role.HIRING_INVESTIGATOR, {"agency": TALLOWMERE.id}),
        (Account.INVESTIGATOR_WITH_RECORD, Role.OFFICER, {"officer": FOSTER.id}),
        (Account.ANALYST, Role.DOJ_ANALYST, {}),
        (Account.GRANTS, Role.DOJ_GRANTS, {}),
        (Account.ADJUDICATOR, Role.DOJ_ADJUDICATOR, {}),
        (Account.CERTIFIER, Role.DOJ_CERTIFIER, {}),
        (Account.BODY, Role.CREDENTIALING_BODY, {"body": StoryBody.NORTHLIGHT.value}),
        (Account.AUDITOR, Role.AUDITOR, {}),
        (Account.SECOND_AUDITOR, Role.AUDITOR, {}),
        (Account.REGISTRAR, Role.REGISTRAR, {}),
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
            "granted_by": _GRANTED_BY.get(role, Account.REGISTRAR.value),
            "granted_at": write_moment(now - timedelta(days=365)),
        }


def _write_assignments(now: datetime) -> Iterator[Line]:
    assigned = (
        (StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW, Account.POST, Role.POST_OFFICER, 12),
        (StoryOutcome.COLEMAN_DISPUTED, Account.ADJUDICATOR, Role.DOJ_ADJUDICATOR, 10),
    )
    for place, (outcome, account, role, days) in enumerate(assigned, start=1):
        yield {
            "kind": "assignment",
            "id": f"89990001-0000-4000-8000-{place:012d}",
            "outcome": outcome.value,
            "account": account.value,
            "role": role.value,
            "from": write_moment(now - timedelta(days=days)),
            "to": write_moment(now + timedelta(days=90)),
            "assigned_by": Account.REGISTRAR.value,
        }


def _write_break_glass(now: datetime) -> Iterator[Line]:
    """Mitchell's case is opened for a day; another request waits for a second auditor."""
    shared: Line = {"kind": "break_glass_access", "account": Account.AUDITOR.value, "hours": 24}
    approved = write_moment(now - timedelta(minutes=30))
    yield shared | {
        "id": _BREAK_GLASS,
        "outcome": StoryOutcome.MITCHELL_IN_REVIEW.value,
        "case_number": "OIG-9999-0001",
        "reason": "Complaint that the review has been kept waiting on purpose.",
        "requested_at": write_moment(now - timedelta(hours=3)),
        "approved_by": Account.SECOND_AUDITOR.value,
        "approved_at": approved,
        "from": approved,
        "to": write_moment(now + timedelta(hours=23, minutes=30)),
    }
    yield shared | {
        "id": "19990001-0000-4000-8000-000000000002",
        "outcome": StoryOutcome.HUGHES_VOIDED.value,
        "case_number": "OIG-9999-0002",
        "reason": "Complaint that a voided record is still relied on.",
        "requested_at": write_moment(now - timedelta(hours=1)),
    }


def _write_checks(now: datetime) -> Iterator[Line]:
    """Tallowmere's checks: (check, officer, scope, days ago opened, whether it is closed)."""
    opened: tuple[tuple[StoryCheck, CastOfficer, str, int, bool], ...] = (
        (StoryCheck.WALKER_FULL, WALKER, "FULL", 2, False),
        (StoryCheck.TORRES_LIMITED, TORRES, "LIMITED", 3, False),
        (StoryCheck.PETERSON_LIMITED, PETERSON, "LIMITED", 3, False),
        (StoryCheck.PRICE_FULL, PRICE, "FULL", 1, False),
        (StoryCheck.REED_CLOSED, REED, "FULL", 60, True),
        (StoryCheck.FOSTER_FULL, FOSTER, "FULL", 4, False),
        (StoryCheck.DIXON_FULL, DIXON, "FULL", 4, False),
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
        "chain": _CHAIN,
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
    for place, (recipient, outcome, version, cause, days) in enumerate(_SENT, start=1):
        at = now - timedelta(days=days)
        yield {
            "kind": "notice",
            "id": _name_notice(place),
            **recipient,
            "outcome": outcome.value,
            "version": version,
            "cause": cause,
            "channel": "ACCOUNT",
            "created_at": write_moment(at),
            "sent_at": write_moment(at + timedelta(minutes=1)),
            "due_at": write_moment(at + timedelta(days=30)),
        }
    told: tuple[Line, ...] = ({"agency": HARBORLIGHT.id}, {"officer": MITCHELL.id}, {"state": HARBORLIGHT.state})
    for place, recipient in enumerate(told, start=len(_SENT) + 1):
        yield {
            "kind": "notice",
            "id": _name_notice(place),
            **recipient,
            "outcome": StoryOutcome.MITCHELL_IN_REVIEW.value,
            "version": 1,
            "cause": "BREAK_GLASS_OPENED",
            "event": _BREAK_GLASS,
            "channel": "INBOX",
            "created_at": write_moment(now - timedelta(minutes=30)),
        }


def _write_tasks(now: datetime) -> Iterator[Line]:
    """What Tallowmere owes after the notices that answers it relied on have changed: one is done, one is not."""
    owed = ((1, RequiredAction.RE_DECIDE, 120, False), (2, RequiredAction.ACKNOWLEDGE, 35, True))
    for place, action, days, is_done in owed:
        at = now - timedelta(days=days)
        line: Line = {
            "kind": "reliance_task",
            "id": f"39990002-0000-4000-8000-{place:012d}",
            "notice": _name_notice(place),
            "agency": TALLOWMERE.id,
            "chain": _CHAIN,
            "position": place,
            "required_action": action.value,
            "due_at": write_moment(at + timedelta(days=150)),
        }
        done = {"done_by": Account.INVESTIGATOR.value, "done_at": write_moment(at + timedelta(days=2))}
        yield line | (done if is_done else {})


def _name_notice(place: int) -> str:
    return f"49990001-0000-4000-8000-{place:012d}"
