"""Agencies, officers and careers drawn at random: whom the records of a drawn registry are about.

The same random source draws the same rows; nobody here exists, and every number says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Any
from uuid import UUID

from app.domain.vocabulary import CertificationStatus, SeparationReason

Row = dict[str, Any]
Tables = dict[str, list[Row]]

# State under whose law each agency is; none for a tribe's.
AGENCY_STATES = ("WA", "WA", "OR", "NH", "NH", None)
STATES = ("WA", "OR", "NH")
FAMILIES = ("Adams", "Baker", "Clark", "Davis", "Evans", "Flores", "Garcia", "Hall", "Irwin", "Jones", "King", "Lopez")


class Listing(StrEnum):
    """By what an officer can be listed at most: it decides which states his outcomes are drawn from."""

    LISTED = "listed"
    NO_FINDING = "no_finding"
    LISTED_IN_ONE_STATE = "listed_in_one_state"
    NO_FINDING_IN_ONE_STATE = "no_finding_in_one_state"
    UNLISTED = "unlisted"
    WITHOUT_RECORD = "without_record"

    @property
    def in_one_state(self) -> bool:
        """Whether only agencies of New Hampshire list him."""
        return self in {Listing.LISTED_IN_ONE_STATE, Listing.NO_FINDING_IN_ONE_STATE}


# How many officers of each; the first two of each are also people who handle records (`own`).
NUMBERS: Mapping[Listing, int] = {
    Listing.LISTED: 12,
    Listing.NO_FINDING: 5,
    Listing.LISTED_IN_ONE_STATE: 3,
    Listing.NO_FINDING_IN_ONE_STATE: 3,
    Listing.UNLISTED: 6,
    Listing.WITHOUT_RECORD: 3,
}
OWN_OF_EACH = 2


@dataclass(slots=True)
class People:
    """What is drawn so far, by table, and who is who among it."""

    random: Random
    at: datetime
    # For what only answers need: more of it changes nothing of who stands how to what.
    aside: Random = field(default_factory=lambda: Random("aside"))
    tables: Tables = field(default_factory=dict)
    agencies: list[UUID] = field(default_factory=list)
    officers: dict[Listing, list[UUID]] = field(default_factory=dict)

    @property
    def everyone(self) -> list[UUID]:
        """All officers."""
        return [each for found in self.officers.values() for each in found]

    @property
    def own(self) -> list[UUID]:
        """The officers who also handle records of others."""
        return [each for found in self.officers.values() for each in found[:OWN_OF_EACH]]

    def add(self, table: str, **values: Any) -> UUID:
        """Add a row with an id of its own; the id."""
        key = self.draw_id()
        self.put(table, id=key, **values)
        return key

    def add_aside(self, table: str, **values: Any) -> None:
        """Add a row with an id of its own that was drawn aside."""
        self.put(table, id=UUID(int=self.aside.getrandbits(128), version=4), **values)

    def put(self, table: str, **values: Any) -> None:
        """Add a row as it is."""
        self.tables.setdefault(table, []).append(values)

    def draw_id(self) -> UUID:
        """A random version 4 UUID."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def is_likely(self, chance: float) -> bool:
        """True that often."""
        return self.random.random() < chance

    def choose(self, items: Sequence[Any]) -> Any:
        """One of them."""
        return self.random.choice(items)

    def draw_day(self, latest: int, earliest: int) -> Any:
        """A day so many days ago."""
        return (self.at - timedelta(days=self.random.randint(latest, earliest))).date()


def draw_people(people: People, jurisdictions: Mapping[str, UUID]) -> None:
    """Agencies, officers and their careers; `jurisdictions` by code, those of the States among them."""
    for place, state in enumerate(AGENCY_STATES):
        agency = people.add(
            "registry.agencies",
            jurisdiction_id=jurisdictions[state or "US"],
            parent_id=people.agencies[0] if place == 1 else None,
            name=f"Drawn Police Department {place}",
            kind="LOCAL_POLICE" if state else "TRIBAL",
            status="ACTIVE" if place < 5 else "CLOSED",
            state_code=state,
            location_state=state or "WA",
            county_fips="53033" if place == 0 else None,
            sworn_count=10 * place,
            size_band="UP_TO_10" if place == 0 else None,
            rural=None if place == 2 else bool(place % 2),
        )
        people.agencies.append(agency)
        people.put("registry.agency_oris", ori=f"{state or 'WA'}99980{place:02d}", agency_id=agency)
    number = 0
    for listing, how_many in NUMBERS.items():
        for _ in range(how_many):
            number += 1
            officer = _draw_officer(people, number)
            people.officers.setdefault(listing, []).append(officer)
            _draw_career(people, officer, listing)


def _draw_officer(people: People, number: int) -> UUID:
    name = {
        "family_name": people.choose(FAMILIES),
        "given_name": f"Drawn{number}",
        "middle_name": "Lee" if number % 3 else None,
        "name_suffix": "Jr." if number % 7 == 0 else None,
    }
    officer = people.add("registry.officers", analyst_id=people.draw_id(), status="ACTIVE", merged_into=None, **name)
    for place, kind in enumerate(("LEGAL", "FORMER")[: 1 + number % 2]):
        people.add(
            "registry.officer_names",
            officer_id=officer,
            kind=kind,
            **(name | {"family_name": f"{name['family_name']}{place}"}),
            from_date=people.draw_day(1000, 4000) if place else None,
            to_date=people.aside.choice((None, people.at.date())),
            source="drawn",
        )
    for kind, issuer, value, token in (
        ("POST_LICENSE", people.choose(STATES), f"9999-{number:05d}", None),
        ("BADGE", "WA9998000", f"B{number}", None),
        ("SSN_TOKEN", "US", None, people.random.randbytes(32)),
    ):
        people.add(
            "registry.officer_identifiers",
            officer_id=officer,
            kind=kind,
            issuer=issuer,
            value=value,
            value_token=token,
            token_key_version=1 if token else None,
        )
    return officer


def _draw_career(people: People, officer: UUID, listing: Listing) -> None:
    agencies = people.random.sample(people.agencies, people.random.randint(1, 3))
    if listing.in_one_state:
        agencies = [people.agencies[3], *agencies]
    if officer in people.own:
        agencies = [people.agencies[0], people.agencies[3], *agencies]
    for place, agency in enumerate(agencies):
        current = (place < 2 and people.is_likely(0.6)) or (officer in people.own and place < 2)
        people.add(
            "registry.stints",
            officer_id=officer,
            agency_id=agency,
            from_date=people.draw_day(500, 3000) if people.is_likely(0.9) else None,
            to_date=None if current else people.draw_day(1, 400),
            appointment_type="FULL_TIME" if people.is_likely(0.5) else None,
            rank=people.choose(("OFFICER", "SERGEANT", None)),
            separation_reason=None if current else str(people.choose(list(SeparationReason))),
            is_current=current,
            source="drawn",
        )
    for state in people.random.sample(STATES, people.random.randint(2 if officer in people.own else 0, 2)):
        people.add(
            "registry.certifications",
            officer_id=officer,
            state_code=state,
            type="PEACE_OFFICER",
            status=str(people.choose(list(CertificationStatus))),
            from_date=people.draw_day(500, 3000),
            to_date=people.draw_day(1, 400) if people.is_likely(0.4) else None,
            source="drawn",
        )
