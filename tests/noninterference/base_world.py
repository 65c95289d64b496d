"""The world that both twins begin as: the story, outcomes in every standing, and rights of others around them.

Every line has its ids written out, so that two loads of it differ in nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from app.demo.cast import CINDER_COVE, GULLWING, HARBORLIGHT, TALLOWMERE, WALKER, Account
from app.demo.population.proceedings import write_moment
from app.demo.story import tell_story
from app.domain.vocabulary import Role
from app.registry.world.kinds import KINDS
from tests.access.every_standing import make_id, tell_every_standing
from tests.noninterference.past import give_history
from tests.noninterference.principals import BODY, PERSON, name_account, tell_rights

Line = dict[str, Any]

# Of those drawn at random one in so many is kept: enough to hide among, few enough to load again for each principal.
KEPT_ONE_IN: Final = 6
# Outcomes that the lines below speak of: cases assigned, and what notices are about.
ASSIGNED: Final = tuple(make_id("c", 5 + 41 * turn + place) for place in range(2) for turn in range(6))
NOTICED: Final = tuple(make_id("c", 10 + place) for place in range(20))
OPENED: Final = tuple(make_id("c", 7 + 23 * turn) for turn in range(18))
NAMED_OUTCOMES: Final = frozenset({*ASSIGNED, *NOTICED, *OPENED})
OTHER_BODY: Final = "29990001-0000-4000-8000-000000000002"
NORTHERN: Final = make_id("0", 900)


def tell_base_world(now: datetime, roles: Iterable[Role]) -> list[Line]:
    """The lines, those of the principals' own rights among them, in an order that loads."""
    drawn = [*tell_story(now), *tell_every_standing(now)]
    kept = keep_some(drawn)
    lines = [*kept, *tell_rights(roles, now), *_tell_others(now), *_tell_northern(now)]
    return sort_lines([name_all_ids(_give_past(line)) for line in drop_own_cases(lines)])


def _give_past(line: Line) -> Line:
    """Outcomes in every standing stood otherwise before; those of the story have a history of their own."""
    if line["kind"] != "outcome" or not is_written(line["id"]):
        return line
    return give_history(line, int(line["id"][-4:], 16))


def drop_own_cases(lines: list[Line]) -> list[Line]:
    """The lines less cases and openings that somebody would have of his own record: no registry holds such."""
    about = {line["id"]: line["officer"] for line in lines if line["kind"] == "outcome"}
    own = {
        (line["account"], line["officer"]) for line in lines if line["kind"] == "grant" and line["role"] == Role.OFFICER
    }
    return [
        line
        for line in lines
        if line["kind"] not in {"assignment", "break_glass_access"}
        or (line["account"], about[line["outcome"]]) not in own
    ]


def sort_lines(lines: Iterable[Line]) -> list[Line]:
    """The lines by kind, in an order in which each refers to earlier ones alone; kinds unknown here come last."""
    places = {kind.name: place for place, kind in enumerate(KINDS)}
    return sorted(lines, key=lambda line: places.get(line["kind"], len(places)))


def is_written(line_id: str) -> bool:
    """Whether an id is one of the cast or of the every-standing lines, not drawn at random."""
    return line_id[1:4] in {"999", "000"}


def keep_some(lines: list[Line]) -> list[Line]:
    """All that was written by hand, and a part of the population with all that hangs on it."""
    officers = [line["id"] for line in lines if line["kind"] == "officer" and not is_written(line["id"])]
    gone = set(officers) - set(officers[::KEPT_ONE_IN])
    matters = {line["matter"] for line in lines if line["kind"] == "outcome" and line["officer"] in gone}
    outcomes = {line["id"] for line in lines if line["kind"] == "outcome" and line["officer"] in gone}
    named = {line.get("outcome") for line in lines} | NAMED_OUTCOMES
    standing = [line for line in lines if line["kind"] == "outcome" and line["id"][1:4] == "000"]
    thinned = [line for place, line in enumerate(standing) if place % 5 in {1, 2, 4} and line["id"] not in named]
    outcomes |= {line["id"] for line in thinned}
    matters |= {line["matter"] for line in thinned}
    dropped = gone | matters | outcomes

    def stays(line: Line) -> bool:
        named = {line.get(key) for key in ("id", "officer", "outcome", "from", "to")}
        return not named & dropped and not any(item["officer"] in gone for item in line.get("items", ()))

    return [line for line in lines if stays(line)]


def derive_id(*parts: str) -> str:
    """A version 4 UUID that follows from what it is for."""
    digest = hashlib.sha256("/".join(parts).encode()).digest()
    return str(UUID(bytes=digest[:16], version=4))


def name_all_ids(line: Line) -> Line:
    """The line with the ids and salts written out that a load would draw."""
    found = dict(line)
    if found["kind"] in {"officer", "outcome"}:
        found.setdefault("analyst_id", derive_id("analyst", found["id"]))
    if found["kind"] == "outcome":
        found["versions"] = [_salt_version(found["id"], each) for each in found["versions"]]
    if found["kind"] == "agency":
        found["enrollments"] = [_enroll(found["id"])]
    if found["kind"] == "disclosure":
        found.setdefault("chain", make_id("6", 1))
    return found


def _enroll(agency: str) -> Line:
    return {
        "id": derive_id("enrollment", agency),
        "role": "SUBMITTER",
        "certifying_official": "the agency's head",
        "from": "2024-01-01",
        "renewal_due": "2027-01-01",
    }


def _salt_version(outcome: str, version: Line) -> Line:
    if "content" not in version:
        return version
    salt = hashlib.sha256(f"{outcome}/{version['version']}".encode()).hexdigest()
    # A commitment proves one content; it is computed again for whatever the content becomes.
    return {key: value for key, value in version.items() if key != "commitment"} | {
        "content": {"salt": salt, **version["content"]}
    }


def _tell_others(now: datetime) -> Iterator[Line]:
    """Rights, checks, notices and disclosures that are of the principals' own or of others beside them."""
    for place, (account, role, agency) in enumerate(
        (
            ("records-second", "records_officer", HARBORLIGHT.id),
            ("hiring-second", "hiring_investigator", HARBORLIGHT.id),
            ("records-gullwing", "records_officer", GULLWING.id),
            ("hiring-cove", "hiring_investigator", CINDER_COVE.id),
            ("head-cove", "agency_head", CINDER_COVE.id),
        )
    ):
        yield {
            "kind": "grant",
            "id": make_id("9", 500 + place),
            "account": account,
            "role": role,
            "agency": agency,
            "from": write_moment(now - timedelta(days=100 + place)),
            "to": write_moment(now + timedelta(days=100 + place)),
            "granted_by": Account.REGISTRAR.value,
            "granted_at": write_moment(now - timedelta(days=100 + place)),
        }
    for place, role in enumerate((Role.POST_OFFICER, Role.DOJ_ADJUDICATOR)):
        for turn in range(6):
            yield {
                "kind": "assignment",
                "id": make_id("8", 100 + 10 * place + turn),
                "outcome": ASSIGNED[6 * place + turn],
                "account": name_account(role),
                "role": role.value,
                "from": write_moment(now - timedelta(days=3)),
                "assigned_by": Account.REGISTRAR.value,
            }
    yield from _tell_openings(now)
    yield from _tell_duties(now)
    for place, officer in enumerate((PERSON, WALKER.id, make_id("b", 6))):
        yield _tell_notice(place, {"officer": officer}, now)
    for place, agency in enumerate((HARBORLIGHT.id, TALLOWMERE.id, CINDER_COVE.id)):
        yield _tell_notice(10 + place, {"agency": agency}, now)
    for place, officers in enumerate(([PERSON, WALKER.id], [make_id("b", 3)], [make_id("b", 6), PERSON])):
        yield {
            "kind": "disclosure",
            "id": make_id("5", 900 + place),
            "at": write_moment(now - timedelta(days=20 + place)),
            "account": "hiring-cove",
            "role": "hiring_investigator",
            "purpose": "hiring",
            "agency": CINDER_COVE.id,
            "operation": "CandidateRecord",
            "items": [{"officer": officer} for officer in officers],
        }


def _tell_openings(now: datetime) -> Iterator[Line]:
    """Outcomes opened to the auditor who asks, some of them to another, some not approved."""
    for place, outcome in enumerate(OPENED):
        line: Line = {
            "kind": "break_glass_access",
            "id": make_id("7", 700 + place),
            "outcome": outcome,
            "account": name_account(Role.AUDITOR) if place % 3 else "another-auditor",
            "case_number": f"OIG-9999-07{place:02d}",
            "reason": "complaint about how a record was kept",
            "hours": 24,
            "requested_at": write_moment(now - timedelta(hours=6)),
        }
        if place % 4 != 3:
            begun = write_moment(now - timedelta(hours=5))
            line |= {"approved_by": "second-auditor", "approved_at": begun, "from": begun}
            line["to"] = write_moment(now + timedelta(hours=10))
        yield line


def _tell_duties(now: datetime) -> Iterator[Line]:
    """Monitors, credentials and decisions on grants, of the principals' agencies and of others."""
    for place in range(6):
        yield {
            "kind": "monitor",
            "id": make_id("7", 800 + place),
            "agency": (HARBORLIGHT.id, CINDER_COVE.id)[place % 2],
            "officer": make_id("b", place),
            "from": write_moment(now - timedelta(days=50 + place)),
            "to": write_moment(now + timedelta(days=50 + place)),
            "renewal_due": (now + timedelta(days=40 + place)).date().isoformat(),
        }
    for place, (agency, status) in enumerate(
        ((TALLOWMERE, "CERTIFIED"), (GULLWING, "SOUGHT"), (GULLWING, "DENIED"), (CINDER_COVE, "CERTIFIED"))
    ):
        yield {
            "kind": "agency_credential",
            "id": make_id("2", 600 + place),
            "agency": agency.id,
            "body": BODY if place % 2 else OTHER_BODY,
            "status": status,
            "from": (now - timedelta(days=4000 + 1000 * place)).date().isoformat(),
            "to": (now - timedelta(days=3500 + 1000 * place)).date().isoformat(),
        }
        yield {
            "kind": "grant_eligibility",
            "id": make_id("2", 650 + place),
            "agency": agency.id,
            "as_of": (now - timedelta(days=700 + place)).date().isoformat(),
            "result": "PROVISIONAL",
            "decided_by": "demo-grants",
            "decided_at": write_moment(now - timedelta(days=690 + place)),
        }


def _tell_notice(place: int, recipient: Line, now: datetime) -> Line:
    return {
        "kind": "notice",
        "id": make_id("4", 900 + place),
        **recipient,
        "outcome": NOTICED[place],
        "version": 1,
        "cause": "CORRECTED",
        "channel": "ACCOUNT",
        "created_at": write_moment(now - timedelta(days=9 + place)),
        "due_at": write_moment(now + timedelta(days=21 + place)),
    }


def _tell_northern(now: datetime) -> Iterator[Line]:
    """Officers of an invented agency in New Hampshire, whose law keeps what rests on no finding from employers."""
    yield {
        "kind": "agency",
        "id": NORTHERN,
        "name": "Kestrelford Police Department",
        "agency_kind": "LOCAL_POLICE",
        "jurisdiction": "33013",
        "state": "NH",
        "location_state": "NH",
        "county_fips": "33013",
        "sworn_count": 12,
        "size_band": "FROM_11_TO_49",
        "oris": ["NH9990700"],
    }
    for place, family in enumerate(("Young", "Wright")):
        yield from _tell_left_under_investigation(place, family, now)


def _tell_left_under_investigation(place: int, family: str, now: datetime) -> Iterator[Line]:
    officer, name = make_id("b", 900 + place), {"family": family, "given": "Casey"}
    day = (now - timedelta(days=500 + place)).date().isoformat()
    names = [{"id": make_id("2", 900 + place), "kind": "LEGAL", **name}]
    yield {"kind": "officer", "id": officer, "name": name, "names": names, "birth": {"date": "1980-01-02"}}
    for turn, (agency, is_current) in enumerate(((NORTHERN, False), (HARBORLIGHT.id, True))):
        ended = {} if is_current else {"to": day, "separation_reason": "RESIGNED_UNDER_INVESTIGATION"}
        yield {
            "kind": "stint",
            "id": make_id("1", 9000 + 10 * place + turn),
            "officer": officer,
            "agency": agency,
            "from": (now - timedelta(days=900 - 450 * turn)).date().isoformat(),
            "is_current": is_current,
            **ended,
        }
    yield {
        "kind": "matter",
        "id": make_id("d", 900 + place),
        "matter_kind": "INTERNAL_INVESTIGATION",
        "status": "OPEN",
        "agency": NORTHERN,
        "opened_on": day,
        "evidence": [],
        "steps": [],
    }
    begun = write_moment(now - timedelta(days=400 + place))
    content = {"action_date": day, "basis": ["DISHONESTY"], "force_related": bool(place), "force_types": []}
    yield {
        "kind": "outcome",
        "id": make_id("c", 900 + place),
        "officer": officer,
        "agency": NORTHERN,
        "matter": make_id("d", 900 + place),
        "outcome_kind": "SEPARATION_UNDER_FORCE_INVESTIGATION",
        "lifecycle": "CLEARED",
        "finality": "FINAL",
        "dispute": "NONE",
        "created_at": begun,
        "cleared_at": write_moment(now - timedelta(days=200 + place)),
        "versions": [
            {"version": 1, "report_type": "INITIAL", "valid_from": day, "recorded_from": begun, "content": content}
        ],
    }
    consent = make_id("f", 900 + place)
    yield {
        "kind": "consent",
        "id": consent,
        "officer": officer,
        "agency": TALLOWMERE.id,
        "scope": "FULL",
        "granted_at": write_moment(now - timedelta(days=11)),
        "expires_at": write_moment(now + timedelta(days=30)),
    }
    yield {
        "kind": "candidate_check",
        "id": make_id("a", 900 + place),
        "agency": TALLOWMERE.id,
        "opened_by": name_account(Role.HIRING_INVESTIGATOR),
        "check_kind": "FULL",
        "match_result": "MATCH",
        "officer": officer,
        "consent": consent,
        "opened_at": write_moment(now - timedelta(days=9)),
        "expires_at": write_moment(now + timedelta(days=30)),
    }


__all__ = ["NORTHERN", "derive_id", "sort_lines", "tell_base_world"]
