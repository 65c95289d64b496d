"""Invented officers and their careers: names, numbers, birth dates, service and certification.

INVARIANT: certification numbers begin with 9999-, which no State issues.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from app.demo.population.agencies import AgencyDirectory, InventedAgency, Line
from app.demo.population.calibration import Calibration, Separation
from app.demo.population.chance import Chance, Weighted, weigh
from app.demo.population.names import FullName, NameSource

_YEAR: Final = 365.25
_EARLIEST_HIRE: Final = date(1950, 1, 1)
_LONGEST_AGO_LEFT: Final = 30 * 365
_RANKS: Final = weigh({"OFFICER": 70.0, "DETECTIVE": 12.0, "SERGEANT": 12.0, "LIEUTENANT": 4.0, "CHIEF": 2.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class InventedStint:
    """One span of service; without an end it goes on."""

    id: str
    agency: InventedAgency
    start: date
    end: date | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InventedOfficer:
    """One invented officer with the career behind him, oldest stint first."""

    id: str
    name: FullName
    former_family: str | None
    stints: Sequence[InventedStint]


class CareerSource:
    """Draws careers, one after the other."""

    def __init__(self, calibration: Calibration, names: NameSource, directory: AgencyDirectory, today: date) -> None:
        self._calibration = calibration
        self._names = names
        self._directory = directory
        self._today = today
        self._stints = weigh(calibration.stints_per_officer)
        self._leaving = weigh({each: each.spells for each in calibration.separations})
        self._moving = weigh({each: each.spells for each in calibration.separations if each.gap is not None})

    def draw(self, chance: Chance) -> InventedOfficer:
        """An officer with his career."""
        stints = self._draw_stints(chance)
        woman = chance.happens(self._calibration.women_share)
        changed = woman and chance.happens(self._calibration.women_surname_change)
        return InventedOfficer(
            id=chance.new_id(),
            name=self._names.draw(chance, woman=woman),
            former_family=self._names.draw_surname(chance) if changed else None,
            stints=stints,
        )

    def write(self, chance: Chance, officer: InventedOfficer, number: int) -> Iterator[Line]:
        """The officer's lines, his own first; `number` makes his certification number."""
        yield self._write_officer(chance, officer, number)
        for stint in officer.stints:
            yield write_stint(chance, officer.id, stint)
        yield from self._write_certification(chance, officer)

    def _draw_stints(self, chance: Chance) -> list[InventedStint]:
        """Stints from the last to the first, so that exactly the calibrated share is in service today."""
        agencies = self._draw_agencies(chance, chance.pick(self._stints))
        active = chance.happens(self._calibration.active_share)
        end = self._today if active else self._today - timedelta(days=chance.whole(1, _LONGEST_AGO_LEFT))
        leaving = chance.pick(self._leaving)
        stints: list[InventedStint] = []
        for agency in agencies:
            start = end - timedelta(days=max(30, chance.by_quartiles(leaving.tenure)))
            if stints and start < _EARLIEST_HIRE:
                break
            ongoing = active and not stints
            stints.append(
                InventedStint(
                    id=chance.new_id(),
                    agency=agency,
                    start=max(start, _EARLIEST_HIRE),
                    end=None if ongoing else end,
                    reason=None if ongoing else leaving.reason,
                )
            )
            leaving = chance.pick(self._moving)
            end = start - timedelta(days=_draw_gap(chance, leaving))
        return stints[::-1]

    def _draw_agencies(self, chance: Chance, count: int) -> Iterator[InventedAgency]:
        """Agencies from the last to the first: mostly of one State, neighbours never the same."""
        agency = chance.pick(self._directory.anywhere)
        yield agency
        for _ in range(count - 1):
            stays = chance.happens(self._calibration.same_state_share)
            pool: Weighted[InventedAgency] = (
                self._directory.by_state[agency.state] if stays else self._directory.anywhere
            )
            earlier = chance.pick(pool)
            if earlier.id == agency.id and len(self._directory.agencies) > 1:
                earlier = chance.one_of(self._directory.agencies)
            agency = earlier
            yield agency

    def _write_officer(self, chance: Chance, officer: InventedOfficer, number: int) -> Line:
        youngest, oldest = self._calibration.first_hire_age_years
        age = chance.whole(int(youngest * _YEAR), int(oldest * _YEAR))
        name = write_name(officer.name)
        line: Line = {
            "kind": "officer",
            "id": officer.id,
            "analyst_id": chance.new_id(),
            "name": name,
            "identifiers": [
                {
                    "id": chance.new_id(),
                    "kind": "POST_LICENSE",
                    "issuer": officer.stints[-1].agency.state,
                    "value": f"9999-{number:07d}",
                }
            ],
            "birth": {"date": (officer.stints[0].start - timedelta(days=age)).isoformat()},
        }
        names = [{"id": chance.new_id(), "kind": "LEGAL", **name}]
        if officer.former_family is not None:
            names.append({"id": chance.new_id(), "kind": "FORMER", **name, "family": officer.former_family})
        return line | {"names": names}

    def _write_certification(self, chance: Chance, officer: InventedOfficer) -> Iterator[Line]:
        """Everyone in service is certified; of those who left, as many as make up the calibrated share."""
        last = officer.stints[-1]
        left = (self._calibration.certified_share - self._calibration.active_share) / (
            1 - self._calibration.active_share
        )
        if last.end is None or chance.happens(left):
            yield {
                "kind": "certification",
                "id": chance.new_id(),
                "officer": officer.id,
                "state": last.agency.state,
                "type": "PEACE_OFFICER",
                "status": "ACTIVE" if last.end is None else "LAPSED",
                "from": last.start.isoformat(),
                **({} if last.end is None else {"to": last.end.isoformat()}),
            }


def write_name(name: FullName) -> dict[str, object]:
    """A name as the world format has it."""
    written: dict[str, object] = {"family": name.family, "given": name.given}
    return written if name.middle is None else written | {"middle": name.middle}


def write_stint(chance: Chance, officer: str, stint: InventedStint) -> Line:
    """A stint's line."""
    line: Line = {
        "kind": "stint",
        "id": stint.id,
        "officer": officer,
        "agency": stint.agency.id,
        "from": stint.start.isoformat(),
        "is_current": stint.end is None,
        "rank": chance.pick(_RANKS),
    }
    if stint.end is None:
        return line
    return line | {
        "to": stint.end.isoformat(),
        "separation_reason": stint.reason,
        "separation_asserted_by": stint.agency.id,
    }


def _draw_gap(chance: Chance, separation: Separation) -> int:
    return max(1, chance.by_quartiles(separation.gap)) if separation.gap is not None else 1
