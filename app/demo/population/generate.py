"""Writes an invented population of any size as the lines of a world, one after the other, in flat memory.

INVARIANT: the same plan gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from app.demo.population.agencies import AgencyDirectory, Line, invent_agencies, write_agency
from app.demo.population.calibration import Calibration, read_calibration
from app.demo.population.careers import CareerSource
from app.demo.population.chance import Chance
from app.demo.population.names import read_names
from app.demo.population.outcomes import OutcomeSource
from app.demo.population.proceedings import write_proceeding
from app.registry.world.writing import encode_line, write_header


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationPlan:
    """How large a population, in which States (all where none is named), and as of when; `now` is aware.

    `first_number` is where certification numbers begin, so that hand-written officers may have the ones before.
    """

    seed: int | str
    agencies: int
    officers: int
    now: datetime
    states: tuple[str, ...] = ()
    first_number: int = 1
    calibration: Calibration | None = None

    @property
    def today(self) -> date:
        """The day of `now`."""
        return self.now.date()


def generate_lines(plan: PopulationPlan) -> Iterator[Line]:
    """Every line but the header: the agencies, then each officer with all that hangs on him."""
    calibration = plan.calibration or read_calibration()
    chance = Chance(plan.seed)
    directory = invent_agencies(chance, calibration, plan.agencies, plan.states)
    for agency in directory.agencies:
        yield from write_agency(agency, plan.today)
    yield from _generate_officers(plan, calibration, chance, directory)


def _generate_officers(
    plan: PopulationPlan, calibration: Calibration, chance: Chance, directory: AgencyDirectory
) -> Iterator[Line]:
    careers = CareerSource(calibration, read_names(), directory, plan.today)
    outcomes = OutcomeSource(calibration, plan.now)
    for number in range(plan.first_number, plan.first_number + plan.officers):
        officer, proceeding = outcomes.draw(chance, careers.draw(chance))
        yield from careers.write(chance, officer, number)
        if proceeding is not None:
            yield from write_proceeding(chance, proceeding)


def write_population(plan: PopulationPlan) -> Iterator[bytes]:
    """The whole world as bytes, its header first."""
    yield write_header()
    for line in generate_lines(plan):
        yield encode_line(line)
