"""The world of the demonstration: a hand-written story among a few hundred invented officers.

INVARIANT: every id in it is the same at every telling; only times follow the moment it is told at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from app.demo.cast import (
    AGENCIES,
    BENNETT,
    CINDER_COVE,
    COLEMAN,
    DIXON,
    FOSTER,
    GULLWING,
    HARBORLIGHT,
    HUGHES,
    MITCHELL,
    OFFICERS,
    PETERSON,
    PRICE,
    QUILLMOOR,
    REED,
    SANDERS,
    TALLOWMERE,
    TORRES,
    WALKER,
    CastAgency,
    CastOfficer,
    StoryOutcome,
)
from app.demo.population.agencies import County, InventedAgency, Line, write_agency
from app.demo.population.chance import Chance
from app.demo.population.generate import PopulationPlan, generate_lines
from app.demo.population.proceedings import write_proceeding
from app.demo.story_access import write_access
from app.demo.story_duties import write_duties
from app.demo.story_outcomes import tell_later_proceedings, tell_proceedings
from app.registry.world.writing import encode_line, write_header

BACKGROUND_AGENCIES: Final = 24
BACKGROUND_OFFICERS: Final = 300
FIRST_BACKGROUND_NUMBER: Final = 1000
LATER_OFFICERS: Final = (FOSTER, DIXON)


def write_story(now: datetime) -> Iterator[bytes]:
    """The whole world of the demonstration as bytes, told as of `now` (aware)."""
    yield write_header()
    for line in tell_story(now):
        yield encode_line(line)


def tell_story(now: datetime) -> Iterator[Line]:
    """Every line but the header: the cast first, then the background, then who may do what."""
    now = now.replace(microsecond=0)
    chance = Chance("story")
    for agency in AGENCIES:
        yield from write_agency(_place(agency), now.date())
    for officer in OFFICERS:
        if officer not in LATER_OFFICERS:
            yield from _write_officer(chance, officer)
    yield from _write_careers(chance, now.date(), _CAREERS)
    for proceeding in tell_proceedings(chance, now):
        yield from write_proceeding(chance, proceeding)
    yield {
        "kind": "series_link",
        "from": StoryOutcome.WALKER_TERMINATED.value,
        "to": StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW.value,
        "cause": "DECERTIFICATION_AFTER_TERMINATION",
    }
    yield from _tell_later(now)
    yield from write_duties(now)
    yield from write_access(now)
    yield from generate_lines(
        PopulationPlan(
            seed="background",
            agencies=BACKGROUND_AGENCIES,
            officers=BACKGROUND_OFFICERS,
            now=now,
            states=("OR", "WA"),
            first_number=FIRST_BACKGROUND_NUMBER,
        )
    )


def _tell_later(now: datetime) -> Iterator[Line]:
    # Drawn apart, so that what the first ten have by chance does not depend on who comes after them.
    chance = Chance("story, continued")
    for officer in LATER_OFFICERS:
        yield from _write_officer(chance, officer)
    yield from _write_careers(chance, now.date(), _LATER_CAREERS)
    for proceeding in tell_later_proceedings(chance, now):
        yield from write_proceeding(chance, proceeding)


def _place(agency: CastAgency) -> InventedAgency:
    county = County(state=agency.state, ori_prefix=agency.state, fips=agency.county_fips)
    return InventedAgency(
        id=agency.id,
        name=agency.name,
        kind=agency.kind,
        county=county,
        ori=agency.ori,
        sworn=agency.sworn,
        enrolled=True,
    )


def _write_officer(chance: Chance, officer: CastOfficer) -> Iterator[Line]:
    name = {"family": officer.family, "given": officer.given, "middle": officer.middle}
    yield {
        "kind": "officer",
        "id": officer.id,
        "analyst_id": chance.new_id(),
        "name": name,
        "names": [{"id": chance.new_id(), "kind": "LEGAL", **name}],
        "identifiers": [
            {
                "id": chance.new_id(),
                "kind": "POST_LICENSE",
                "issuer": officer.state,
                "value": officer.certification_number,
            },
            {"id": chance.new_id(), "kind": "SSN_TOKEN", "issuer": "US", "last4": f"{9000 + officer.number}"},
        ],
        "birth": {"date": officer.birth_date.isoformat()},
    }


# Who served where: officer, agency, begun and ended so many days ago, why it ended.
Careers = Sequence[tuple[CastOfficer, CastAgency, int, int | None, str | None]]
_CAREERS: Final[Careers] = (
    (WALKER, HARBORLIGHT, 3285, 913, "TERMINATED_FOR_CAUSE"),
    (WALKER, CINDER_COVE, 550, None, None),
    (MITCHELL, HARBORLIGHT, 2190, None, None),
    (HUGHES, HARBORLIGHT, 5110, 1096, "TERMINATED_FOR_CAUSE"),
    (HUGHES, GULLWING, 730, None, None),
    (PETERSON, HARBORLIGHT, 1825, 292, "RESIGNED_UNDER_INVESTIGATION"),
    (BENNETT, GULLWING, 1460, None, None),
    (SANDERS, GULLWING, 4015, 710, "TERMINATED_FOR_CAUSE"),
    (REED, HARBORLIGHT, 2920, 325, "TERMINATED_FOR_CAUSE"),
    (TORRES, GULLWING, 2555, 731, "TERMINATED_FOR_CAUSE"),
    (COLEMAN, HARBORLIGHT, 3650, None, None),
    (PRICE, CINDER_COVE, 2370, 110, "VOLUNTARY_NO_MISCONDUCT"),
)
_LATER_CAREERS: Final[Careers] = (
    (FOSTER, GULLWING, 2300, 1500, "TERMINATED_FOR_CAUSE"),
    (FOSTER, TALLOWMERE, 1300, None, None),
    (DIXON, QUILLMOOR, 1400, 260, "RESIGNED_UNDER_INVESTIGATION"),
)


def _write_careers(chance: Chance, today: date, served: Careers) -> Iterator[Line]:
    for officer, agency, begun, ended, reason in served:
        line: Line = {
            "kind": "stint",
            "id": chance.new_id(),
            "officer": officer.id,
            "agency": agency.id,
            "from": (today - timedelta(days=begun)).isoformat(),
            "is_current": ended is None,
            "rank": "OFFICER",
        }
        if ended is not None:
            line |= {
                "to": (today - timedelta(days=ended)).isoformat(),
                "separation_reason": reason,
                "separation_asserted_by": agency.id,
            }
        yield line
        yield {
            "kind": "certification",
            "id": chance.new_id(),
            "officer": officer.id,
            "state": agency.state,
            "type": "PEACE_OFFICER",
            "status": "ACTIVE" if ended is None else "LAPSED",
            "from": (today - timedelta(days=begun)).isoformat(),
            **({} if ended is None else {"to": (today - timedelta(days=ended)).isoformat()}),
        }
