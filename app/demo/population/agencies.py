"""Invented agencies in real counties, half of them with ten sworn officers or fewer.

INVARIANT: names are coined and ORIs are of a form that the FBI gives to nobody, so no outcome meets a real agency.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from string import ascii_uppercase, digits
from typing import Final

from app.demo.population.calibration import HERE, Calibration, read_words
from app.demo.population.chance import Chance, Weighted, weigh
from app.domain.vocabulary import AgencyKind, EnrollmentRole, SizeBand

Line = dict[str, object]

_KIND_WORDS: Final[Mapping[str, str]] = {
    "LOCAL_POLICE": "Police Department",
    "SHERIFF": "County Sheriff's Office",
    "PRIMARY_STATE": "State Patrol District",
    "SPECIAL_JURISDICTION": "Port Police",
    "CAMPUS": "College Department of Public Safety",
    "CONSTABLE_MARSHAL": "Marshal's Office",
    "TRIBAL": "Nation Police",
}
_ALPHANUMERIC: Final = digits + ascii_uppercase
_BANDS: Final = (
    (10, SizeBand.UP_TO_10),
    (49, SizeBand.FROM_11_TO_49),
    (99, SizeBand.FROM_50_TO_99),
    (499, SizeBand.FROM_100_TO_499),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class County:
    """A real county: its State, the letters its ORIs begin with, and its FIPS code."""

    state: str
    ori_prefix: str
    fips: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InventedAgency:
    """One invented agency."""

    id: str
    name: str
    kind: AgencyKind
    county: County
    ori: str
    sworn: int
    enrolled: bool

    @property
    def state(self) -> str:
        """Where it is."""
        return self.county.state


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyDirectory:
    """The invented agencies, and how to draw one by its size, anywhere or in a State."""

    agencies: Sequence[InventedAgency]
    anywhere: Weighted[InventedAgency]
    by_state: Mapping[str, Weighted[InventedAgency]]


def read_counties(states: Sequence[str] = ()) -> tuple[County, ...]:
    """The counties of these States, or of all of them; raises `ValueError` for an unknown State."""
    with (HERE / "counties.csv").open(encoding="utf-8", newline="") as lines:
        counties = [
            County(state=row["state"], ori_prefix=row["ori_prefix"], fips=row["county_fips"])
            for row in csv.DictReader(lines)
        ]
    if unknown := set(states) - {county.state for county in counties}:
        raise ValueError(f"{len(unknown)} of the States are not among the counties' list")
    return tuple(county for county in counties if not states or county.state in states)


def invent_agencies(
    chance: Chance, calibration: Calibration, count: int, states: Sequence[str] = ()
) -> AgencyDirectory:
    """Invent `count` agencies; raises `ValueError` where there are more than names for them."""
    by_state: dict[str, list[County]] = {}
    for county in read_counties(states):
        by_state.setdefault(county.state, []).append(county)
    names = [first + last for first in read_words("agency_beginnings") for last in read_words("agency_endings")]
    if count > len(names) * len(by_state):
        raise ValueError("there are not names enough for so many agencies; ask for fewer or name more States")
    kinds = weigh({AgencyKind(kind): weight for kind, weight in calibration.agency_kinds.items()})
    agencies = []
    for index in range(count):
        state = list(by_state)[index % len(by_state)]
        number = index // len(by_state)
        # 1021 has no factor with the number of names, so that neighbours differ and none repeats in a State.
        name = names[number * 1021 % len(names)]
        agencies.append(_invent_agency(chance, calibration, chance.one_of(by_state[state]), name, number, kinds))
    return make_directory(agencies)


def make_directory(agencies: Sequence[InventedAgency]) -> AgencyDirectory:
    """A directory of agencies, each drawn by the number of its officers."""
    by_state: dict[str, dict[InventedAgency, float]] = {}
    for agency in agencies:
        by_state.setdefault(agency.state, {})[agency] = agency.sworn
    return AgencyDirectory(
        agencies=agencies,
        anywhere=weigh({agency: agency.sworn for agency in agencies}),
        by_state={state: weigh(weights) for state, weights in by_state.items()},
    )


def _invent_agency(
    chance: Chance,
    calibration: Calibration,
    county: County,
    name: str,
    number: int,
    kinds: Weighted[AgencyKind],
) -> InventedAgency:
    kind = chance.pick(kinds)
    return InventedAgency(
        id=chance.new_id(),
        name=f"{name} {_KIND_WORDS[kind]}",
        kind=kind,
        county=county,
        ori=f"{county.ori_prefix}99{_write_number(number)}00",
        sworn=max(1, round(chance.lognormal(calibration.median_sworn, calibration.sworn_spread))),
        enrolled=chance.happens(calibration.enrolled_share),
    )


def _write_number(number: int) -> str:
    high, low = divmod(number, len(_ALPHANUMERIC))
    higher, high = divmod(high, len(_ALPHANUMERIC))
    return _ALPHANUMERIC[higher] + _ALPHANUMERIC[high] + _ALPHANUMERIC[low]


def find_size_band(sworn: int) -> SizeBand:
    """The band of a number of sworn officers."""
    return next((band for largest, band in _BANDS if sworn <= largest), SizeBand.FROM_500)


def write_agency(agency: InventedAgency, today: date) -> Iterator[Line]:
    """The agency's line, after that of its jurisdiction where it is a tribe's."""
    tribal = agency.kind is AgencyKind.TRIBAL
    jurisdiction = f"TRIBE-INVENTED-{agency.ori}" if tribal else agency.county.fips
    if agency.kind is AgencyKind.PRIMARY_STATE:
        jurisdiction = agency.state
    if tribal:
        yield {"kind": "jurisdiction", "code": jurisdiction, "name": agency.name.removesuffix(" Police")}
    line: Line = {
        "kind": "agency",
        "id": agency.id,
        "name": agency.name,
        "agency_kind": agency.kind.value,
        "jurisdiction": jurisdiction,
        "location_state": agency.state,
        "sworn_count": agency.sworn,
        "size_band": find_size_band(agency.sworn).value,
        "rural": agency.sworn <= 10,
        "oris": [agency.ori],
    }
    if not tribal:
        line |= {"state": agency.state, "county_fips": agency.county.fips}
    if agency.enrolled:
        line["enrollments"] = [
            {
                "role": role.value,
                "certifying_official": "chief executive",
                "from": (today - timedelta(days=400)).isoformat(),
                "last_attestation": (today - timedelta(days=40)).isoformat(),
                "renewal_due": (today + timedelta(days=330)).isoformat(),
            }
            for role in EnrollmentRole
        ]
    yield line
