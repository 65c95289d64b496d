"""Outcomes in every standing there is, about officers in every relation there is, beside the demonstration's story.

Nobody here exists; each outcome's content differs from every other's, so that an answer tells which row it came from.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count, product
from typing import Any

from app.demo.cast import CINDER_COVE, GULLWING, HARBORLIGHT, TALLOWMERE, Account, CastAgency
from app.demo.population.proceedings import write_moment
from app.domain.vocabulary import Finality, Lifecycle, OutcomeKind

Line = dict[str, Any]

KINDS = (
    OutcomeKind.TERMINATION,
    OutcomeKind.CONVICTION_ON_DUTY,
    OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION,
)
HOLDS = (None, "STAY", "SEAL_ORDER")
AGENCIES = (HARBORLIGHT, GULLWING, CINDER_COVE, TALLOWMERE)
FAMILIES = (
    "Adams", "Baker", "Clark", "Davis", "Evans", "Flores", "Garcia", "Hall", "Irwin", "Jones", "King", "Lopez",
    "Moore", "Nelson", "Ortiz", "Perez", "Quinn", "Rogers",
)  # fmt: skip
# About these no outcome ever cleared: their existence must not show where listing decides.
QUIET = frozenset({3, 7, 11, 15})


def make_id(group: str, place: int) -> str:
    """A version 4 UUID that tells what it is."""
    return f"{group}0000000-0000-4000-9000-{place:012d}"


def tell_every_standing(now: datetime) -> Iterator[Line]:
    """Officers, careers, outcomes, checks and consents, as of `now` (aware)."""
    for place, family in enumerate(FAMILIES):
        yield _write_officer(place, family)
        yield from _write_career(place, now)
    yield from _write_outcomes(now)
    yield from _write_checks(now)
    yield {
        "kind": "assignment",
        "id": make_id("8", 1),
        "outcome": make_id("c", 5),
        "account": Account.POST.value,
        "role": "post_officer",
        "from": write_moment(now - timedelta(days=3)),
        "assigned_by": Account.REGISTRAR.value,
    }


def _write_officer(place: int, family: str) -> Line:
    name = {"family": family, "given": "Jordan" if place % 2 else "Robin"}
    if place % 3 == 0:
        name |= {"middle": "Lee", "suffix": "Jr."}
    return {
        "kind": "officer",
        "id": make_id("b", place),
        "name": name,
        "names": [
            {"id": make_id("2", 2 * place), "kind": "LEGAL", **name, "from": "2001-02-03"},
            {"id": make_id("2", 2 * place + 1), "kind": "FORMER", "family": "Stone", "given": "Alex"},
        ],
        "identifiers": [
            {"id": make_id("3", place), "kind": "POST_LICENSE", "issuer": "WA", "value": f"9999-8{place:06d}"},
            {"id": make_id("3", 100 + place), "kind": "BADGE", "issuer": HARBORLIGHT.ori, "value": f"B{place}"},
            {"id": make_id("3", 200 + place), "kind": "SSN_TOKEN", "issuer": "US", "last4": f"{place:04d}"},
        ],
        "birth": {"date": "1985-06-07"},
    }


def _write_career(place: int, now: datetime) -> Iterator[Line]:
    """Each officer served somewhere and is or was certified somewhere, in differing ways; one was nowhere at all."""
    if place == 17:
        return
    today = now.date()
    for turn, agency in enumerate((AGENCIES[place % 4], AGENCIES[(place // 4) % 4])):
        current = turn == 1 and place % 3 != 0
        line: Line = {
            "kind": "stint",
            "id": make_id("1", 10 * place + turn),
            "officer": make_id("b", place),
            "agency": agency.id,
            "from": (today - timedelta(days=2000 + 10 * place + turn)).isoformat(),
            "is_current": current,
            "rank": "SERGEANT" if place % 2 else "OFFICER",
        }
        if not current:
            line |= {"to": (today - timedelta(days=300 + place)).isoformat(), "separation_reason": "RESIGNED_IN_LIEU"}
        yield line
    for turn, state in enumerate(("WA", "OR")):
        if (place >> turn) & 1:
            yield {
                "kind": "certification",
                "id": make_id("4", 10 * place + turn),
                "officer": make_id("b", place),
                "state": state,
                "type": "PEACE_OFFICER",
                "status": "SUSPENDED" if place % 3 else "ACTIVE",
                "from": (today - timedelta(days=1900 + place)).isoformat(),
            }


def _write_outcomes(now: datetime) -> Iterator[Line]:
    loud = [place for place in range(len(FAMILIES)) if place not in QUIET]
    number = count()
    for lifecycle, finality, hold, kind in product(Lifecycle, Finality, HOLDS, KINDS):
        place = next(number)
        officers = loud if lifecycle is Lifecycle.CLEARED else range(len(FAMILIES))
        officer = officers[(place + place // 9) % len(officers)]
        yield from _write_outcome(place, officer, AGENCIES[(place // 7) % 4], now, (lifecycle, finality, hold, kind))


def _write_outcome(
    place: int,
    officer: int,
    agency: CastAgency,
    now: datetime,
    standing: tuple[Lifecycle, Finality, str | None, OutcomeKind],
) -> Iterator[Line]:
    lifecycle, finality, hold, kind = standing
    day = (now - timedelta(days=400 + place)).date().isoformat()
    begun = write_moment(now - timedelta(days=300 + place))
    matter = make_id("d", place)
    evidence = {"id": make_id("6", place), "document_kind": "DECISION", "custodian": agency.name, "held_on": day}
    yield {
        "kind": "matter",
        "id": matter,
        "matter_kind": "INTERNAL_INVESTIGATION",
        "status": "OPEN",
        "agency": agency.id,
        "case_number": f"INVENTED-{place}",
        "opened_on": day,
        "evidence": [evidence | ({"sha256": f"{place:064x}"} if place % 2 else {})],
        "steps": [
            {"id": make_id("7", place), "element": "WRITTEN_DECISION", "by_office": f"office {place}", "waived": True}
        ],
    }
    line: Line = {
        "kind": "outcome",
        "id": make_id("c", place),
        "officer": make_id("b", officer),
        "agency": agency.id,
        "matter": matter,
        "outcome_kind": kind.value,
        "lifecycle": lifecycle.value,
        "finality": finality.value,
        "dispute": ("NONE", "DISPUTED", "ELEVATED", "DECIDED")[place % 4],
        "created_at": begun,
        "versions": _write_versions(place, day, now, expunged=lifecycle is Lifecycle.EXPUNGED),
        "determinations": [
            {
                "id": make_id("5", place),
                "version": 1,
                "rule_pack": f"pack-{place}",
                "rule_pack_version": 1 + place,
                "result": "NOT_SATISFIED",
                "missing": ["FINALITY"],
                "decided_by": "reviewer of another agency",
                "decided_at": write_moment(now - timedelta(days=90 + place)),
            }
        ],
    }
    if lifecycle is Lifecycle.VOIDED:
        line["void_reason"] = "DUPLICATE"
    if lifecycle is Lifecycle.CLEARED:
        line["cleared_at"] = write_moment(now - timedelta(days=50 + place))
    if lifecycle is Lifecycle.NOTICE:
        line["notice_served_at"] = write_moment(now - timedelta(days=10 + place))
        line["respond_by"] = write_moment(now + timedelta(days=20 + place))
    if hold is not None:
        line["holds"] = [_write_hold(place, hold, now)]
    if place % 5 == 0 and lifecycle is not Lifecycle.EXPUNGED:
        line["statements"] = [
            {"id": make_id("9", place), "version": 1, "body": f"my side of it, number {place}", "from": begun}
        ]
    yield line


def _write_versions(place: int, day: str, now: datetime, *, expunged: bool) -> list[Line]:
    content: Line = {
        "action_date": day,
        "basis": ["DISHONESTY"] if place % 2 else [],
        "force_related": place % 3 == 0,
        "force_types": ["CANINE"] if place % 3 == 0 else [],
        "legal_basis": f"manual {place}",
        "court": f"court {place}",
        "court_case_number": f"INVENTED-C-{place}",
        "final_finding": "SUSTAINED",
    }
    first: Line = {
        "version": 1,
        "report_type": "INITIAL",
        "valid_from": day,
        "recorded_from": write_moment(now - timedelta(days=300 + place)),
        **({"commitment": f"{place:064x}"} if expunged else {"content": content}),
    }
    if place % 4 or expunged:
        return [first]
    changed = write_moment(now - timedelta(days=60 + place))
    second: Line = {
        "version": 2,
        "report_type": "CORRECTION",
        "supersedes": 1,
        "valid_from": day,
        "recorded_from": changed,
        "content": content | {"legal_basis": f"manual {place}, corrected", "on_duty": False},
    }
    return [first | {"recorded_to": changed}, second]


def _write_hold(place: int, kind: str, now: datetime) -> Line:
    """A hold in force; every ninth is over, and holds nothing any more."""
    line: Line = {
        "id": make_id("e", place),
        "kind": kind,
        "from": write_moment(now - timedelta(days=40)),
        "authority": "Superior Court of an invented county",
        "order_number": f"INVENTED-H-{place}",
        "placed_by": "demo-registrar",
    }
    return line | ({"to": write_moment(now - timedelta(days=5))} if place % 9 == 0 else {})


def _write_checks(now: datetime) -> Iterator[Line]:
    """One check an officer, each failing or holding in its own way: (agency, kind, scope, what else differs)."""
    ways: tuple[tuple[CastAgency, str, str, Line], ...] = (
        (TALLOWMERE, "FULL", "FULL", {}),
        (TALLOWMERE, "LIMITED", "LIMITED", {}),
        (TALLOWMERE, "LIMITED", "FULL", {}),
        (TALLOWMERE, "FULL", "FULL", {"note": "quiet"}),
        (TALLOWMERE, "FULL", "LIMITED", {}),
        (TALLOWMERE, "FULL", "FULL", {"closed": True}),
        (TALLOWMERE, "FULL", "FULL", {"over": True}),
        (TALLOWMERE, "LIMITED", "FULL", {"note": "quiet"}),
        (TALLOWMERE, "FULL", "FULL", {"revoked": True}),
        (TALLOWMERE, "FULL", "FULL", {"consent_over": True}),
        (TALLOWMERE, "FULL", "FULL", {"purpose": "monitoring"}),
        (HARBORLIGHT, "FULL", "FULL", {}),
        (TALLOWMERE, "FULL", "FULL", {"consent_of": 1}),
        (TALLOWMERE, "FULL", "FULL", {"consent_to": HARBORLIGHT}),
        (TALLOWMERE, "FULL", "FULL", {"no_consent": True}),
        (TALLOWMERE, "FULL", "FULL", {"possible": True}),
        (TALLOWMERE, "FULL", "FULL", {"not_yet": True}),
    )
    for place, (agency, kind, scope, way) in enumerate(ways):
        opened = now + timedelta(days=2) if way.get("not_yet") else now - timedelta(days=9, minutes=place)
        consent: Line = {
            "kind": "consent",
            "id": make_id("f", place),
            "officer": make_id("b", way.get("consent_of", place)),
            "agency": way.get("consent_to", agency).id,
            "scope": scope,
            "purpose": way.get("purpose", "hiring"),
            "granted_at": write_moment(now - timedelta(days=11)),
            "expires_at": write_moment(now + timedelta(days=-1 if way.get("consent_over") else 30)),
            "uses_left": 2,
        }
        yield consent | ({"revoked_at": write_moment(now - timedelta(days=1))} if way.get("revoked") else {})
        check: Line = {
            "kind": "candidate_check",
            "id": make_id("a", place),
            "agency": agency.id,
            "opened_by": Account.INVESTIGATOR.value,
            "check_kind": kind,
            "reason": "ASSIGN",
            "match_result": "POSSIBLE" if way.get("possible") else "MATCH",
            "opened_at": write_moment(opened),
            "expires_at": write_moment(now - timedelta(days=2) if way.get("over") else now + timedelta(days=30)),
        }
        if not way.get("possible"):
            check["officer"] = make_id("b", place)
        if not way.get("no_consent"):
            check["consent"] = consent["id"]
        yield check | ({"closed_at": write_moment(now - timedelta(days=2))} if way.get("closed") else {})
