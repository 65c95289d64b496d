"""An import of a long file needs no more memory than one of a short file."""

from __future__ import annotations

import tracemalloc
from itertools import islice
from pathlib import Path

import pytest

from app.domain.intake import CareerRow, ImportKind, KnownAgency
from app.registry.intake.agency_names import AgencyDirectory
from app.registry.intake.careers import CareersLayout
from app.registry.intake.csv_file import inspect_file, read_records
from app.registry.intake.layout import read_row
from app.registry.intake.run import CHUNK_ROWS

from .conftest import NOW, shipped_mapping
from .generated_files import CAREER_HEADER, name_agency, write_careers


def measure_peak(path: Path, stints: int) -> int:
    """The most bytes that reading a file of so many stints holds at once, chunk by chunk."""
    write_careers(path, stints=stints, flaws=0)
    mapping = shipped_mapping(ImportKind.CAREERS)
    assert mapping is not None
    agencies = [KnownAgency(id=index, name=name_agency(index), oris=()) for index in range(40)]  # type: ignore[arg-type]
    layout = CareersLayout(mapping, tuple(CAREER_HEADER), AgencyDirectory(mapping.agency, agencies), NOW.date())
    tracemalloc.start()
    try:
        assert inspect_file(path, mapping.dialect).records == stints
        rows = (read_row(layout, row) for row in read_records(path, mapping.dialect))
        taken = 0
        while chunk := list(islice(rows, CHUNK_ROWS // 20)):
            taken += sum(isinstance(row, CareerRow) for row in chunk)
        assert taken == stints
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("short", "long"), [(2_000, 8_000), pytest.param(20_000, 120_000, marks=pytest.mark.long)])
def test_reading_a_longer_file_takes_no_more_memory(tmp_path: Path, short: int, long: int) -> None:
    first, second = measure_peak(tmp_path / "short.csv", short), measure_peak(tmp_path / "long.csv", long)
    # Dates are remembered, some hundred bytes for each of the 12,000 days that a career can touch.
    assert second < first + 3_000_000
