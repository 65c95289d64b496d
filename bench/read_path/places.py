"""The invented agencies of a measured registry, and which of them are asked about.

INVARIANT: the same sizes and seed give the same agencies in the same order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from app.demo.population.agencies import InventedAgency, invent_agencies, write_agency
from app.demo.population.calibration import read_calibration
from app.demo.population.chance import Chance
from app.domain.clock import read_system_clock
from app.registry.world.writing import encode_line, write_header
from read_path.population import Places
from read_path.sizes import MEASURED_AGENCIES, Sizes


def invent_places(sizes: Sizes) -> tuple[Places, Sequence[InventedAgency]]:
    """The agencies by what they are for, and all of them."""
    directory = invent_agencies(Chance(sizes.seed), read_calibration(), sizes.agencies)
    measured = directory.agencies[:MEASURED_AGENCIES]
    others = directory.agencies[MEASURED_AGENCIES:]
    drawn = random.Random(sizes.seed).sample(list(others), sizes.hirers)
    places = Places(measured=measured, hiring=drawn, others=others, weights=[float(agency.sworn) for agency in others])
    return places, directory.agencies


def write_agencies(agencies: Sequence[InventedAgency]) -> Iterator[bytes]:
    """The lines of a world that holds the agencies alone."""
    yield write_header()
    today = read_system_clock().date()
    for agency in agencies:
        for line in write_agency(agency, today):
            yield encode_line(line)
