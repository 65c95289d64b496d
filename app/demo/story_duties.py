"""What the demonstration's agencies owe and hold: credentials, reports, attestations, eligibility for grants.

No body and no agency here exists; Northlight has one applicant and one agency that it credentialed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from app.demo.cast import CINDER_COVE, HARBORLIGHT, TALLOWMERE, Account, CastAgency, StoryBody
from app.demo.population.agencies import Line
from app.demo.population.proceedings import write_moment
from app.domain.vocabulary import CredentialBasis, CredentialStatus, EligibilityResult, PolicyTestResult

_STANDARDS: Final = "28990001-0000-4000-8000-000000000001"
_STATEMENT: Final = "Every outcome that had to be reported in this period was reported."
# EO 13929 sec. 2(b): the two tests without which no credential is given.
_TESTS: Final = (
    "adherence to all applicable law on the use of force",
    "no chokeholds but where deadly force is lawful",
)


def write_duties(now: datetime) -> Iterator[Line]:
    """Every line about duties, as of `now`."""
    yield from _write_bodies(now)
    yield from _write_credentials(now)
    yield from _write_reports(now.date(), now)
    yield from _write_eligibility(now)


def _write_bodies(now: datetime) -> Iterator[Line]:
    for body, states in ((StoryBody.NORTHLIGHT, ["OR", "WA"]), (StoryBody.SALTMARSH, ["WA"])):
        yield {"kind": "credentialing_body", "id": body.value, "name": body.full_name, "states": states}
    yield {
        "kind": "standard_set",
        "id": _STANDARDS,
        "name": "Invented standards for credentialing bodies",
        "version": 1,
        "from": _day(now, -900),
        "document_sha256": _digest("standards"),
    }
    for place, body in enumerate(StoryBody, start=1):
        yield {
            "kind": "body_certification",
            "id": f"27990001-0000-4000-8000-{place:012d}",
            "body": body.value,
            "standard_set": _STANDARDS,
            "from": _day(now, -700),
            "to": _day(now, 395),
            "certified_by": Account.CERTIFIER.value,
            "certified_at": write_moment(now - timedelta(days=702)),
        }


def _write_credentials(now: datetime) -> Iterator[Line]:
    certified, sought = CredentialStatus.CERTIFIED, CredentialStatus.IN_PROCESS
    given: tuple[tuple[CastAgency, StoryBody, CredentialStatus, int], ...] = (
        (HARBORLIGHT, StoryBody.NORTHLIGHT, certified, 300),
        (CINDER_COVE, StoryBody.NORTHLIGHT, sought, 45),
        (TALLOWMERE, StoryBody.SALTMARSH, certified, 200),
    )
    for place, (agency, body, status, days) in enumerate(given, start=1):
        passed = status is CredentialStatus.CERTIFIED
        result = PolicyTestResult.PASSED if passed else PolicyTestResult.NOT_REVIEWED
        line: Line = {
            "kind": "agency_credential",
            "id": f"26990001-0000-4000-8000-{place:012d}",
            "agency": agency.id,
            "body": body.value,
            "status": status.value,
            "from": _day(now, -days),
            "to": _day(now, 1095 - days),
            "policy_sha256": _digest(f"policy of {agency.ori}"),
            "recorded_at": write_moment(now - timedelta(days=days)),
            "tests": [
                {
                    "id": f"25990001-0000-4000-8000-{place:010d}{number:02d}",
                    "test": test,
                    "result": result.value,
                    **({"clause_sha256": _digest(f"{agency.ori} {test}")} if passed else {}),
                }
                for number, test in enumerate(_TESTS, start=1)
            ],
        }
        yield line | ({"basis": CredentialBasis.BODY_REVIEW.value} if passed else {})


def _write_reports(today: date, now: datetime) -> Iterator[Line]:
    begun = today.replace(month=1, day=1)
    before = begun.replace(year=begun.year - 1)
    for place, (agency, count, is_certified) in enumerate(
        ((HARBORLIGHT, 3, True), (CINDER_COVE, 0, False), (TALLOWMERE, 0, True)), start=1
    ):
        shared: Line = {"agency": agency.id, "from": before.isoformat(), "to": begun.isoformat()}
        by = f"chief executive of {agency.name}"
        report: Line = {"kind": "period_report", "id": f"24990001-0000-4000-8000-{place:012d}", **shared}
        report["report_count"] = count
        yield report | ({"certified_by": by, "certified_at": write_moment(now)} if is_certified else {})
        if is_certified:
            yield {
                "kind": "attestation",
                "id": f"23990001-0000-4000-8000-{place:012d}",
                **shared,
                "statement": _STATEMENT,
                "history_digest": _digest(f"history of {agency.ori}"),
                "answer": True,
                "attested_by": by,
                "attested_at": write_moment(now),
            }


def _write_eligibility(now: datetime) -> Iterator[Line]:
    given = (
        (HARBORLIGHT, EligibilityResult.PROVISIONAL, 200, False),
        (HARBORLIGHT, EligibilityResult.ELIGIBLE, 20, True),
        (CINDER_COVE, EligibilityResult.NOT_ELIGIBLE, 20, False),
    )
    for place, (agency, result, days, is_met) in enumerate(given, start=1):
        yield {
            "kind": "grant_eligibility",
            "id": f"22990001-0000-4000-8000-{place:012d}",
            "agency": agency.id,
            "as_of": _day(now, -days),
            "result": result.value,
            "proof": {
                "all": [
                    {"condition": "a credential is held or sought", "met": True},
                    {"condition": "every period that is due was reported and attested", "met": is_met},
                ]
            },
            "decided_by": Account.GRANTS.value,
            "decided_at": write_moment(now - timedelta(days=days)),
        }


def _day(now: datetime, days: int) -> str:
    return (now + timedelta(days=days)).date().isoformat()


def _digest(of: str) -> str:
    return hashlib.sha256(of.encode()).hexdigest()
