"""Whole files of Washington's shapes give exactly the counts that their generator promises."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from app.domain.intake import ImportKind

from .conftest import Importer
from .generated_files import Expected, write_agencies, write_careers, write_cases

GROUPS = 3
TABLES = (
    *("agencies", "agency_oris", "officers", "officer_names", "officer_identifiers", "stints", "matters"),
    *("process_steps", "evidence_items", "outcome_series", "outcome_versions", "outcome_contents"),
    *("outcome_statuses", "import_batches", "source_records", "review_items"),
)


def write_all(folder: Path) -> list[tuple[ImportKind, Path, Expected]]:
    agencies, careers, cases = (folder / f"{name}.csv" for name in ("agencies", "careers", "cases"))
    return [
        (ImportKind.AGENCIES, agencies, write_agencies(agencies)),
        (ImportKind.CAREERS, careers, write_careers(careers, stints=300, case_officers=4 * GROUPS, flaws=2)),
        (ImportKind.CASES, cases, write_cases(cases, groups=GROUPS)),
    ]


async def count_tables(owner: asyncpg.Connection) -> dict[str, int]:
    return {table: await owner.fetchval(f"SELECT count(*) FROM registry.{table}") for table in TABLES}


@pytest.mark.parametrize("chunk_rows", [10_000, 7, pytest.param(1, marks=pytest.mark.long)])
async def test_every_row_is_counted_as_its_generator_says_wherever_chunks_end(
    importer: Importer, tmp_path: Path, chunk_rows: int
) -> None:
    for kind, path, expected in write_all(tmp_path):
        result = await importer.run(kind, path, chunk_rows=chunk_rows)
        assert result.counts.to_json() == expected.to_json()
        assert result.is_kept


async def test_a_file_that_comes_twice_changes_nothing(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    files = write_all(tmp_path)
    for kind, path, _ in files:
        await importer.run(kind, path)
    before = await count_tables(owner)
    for kind, path, expected in files:
        again = await importer.run(kind, path, chunk_rows=50)
        assert again.counts.to_json() == expected.to_second_json()
    assert await count_tables(owner) == before


async def test_a_file_under_another_name_of_the_source_is_not_taken_twice(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    files = write_all(tmp_path)
    for kind, path, _ in files[:2]:
        await importer.run(kind, path)
    stints = await owner.fetchval("SELECT count(*) FROM registry.stints")
    again = await importer.run(ImportKind.CAREERS, files[1][1], source="the-same-from-elsewhere")
    assert again.counts.to_json()["accepted"] == 0
    assert await owner.fetchval("SELECT count(*) FROM registry.stints") == stints


async def test_every_import_is_recorded_once_with_its_counts(importer: Importer, tmp_path: Path) -> None:
    files = write_all(tmp_path)
    for kind, path, _ in files:
        await importer.run(kind, path)
    assert [finished.key.kind for finished in importer.recorded] == [kind for kind, _, _ in files]
    assert [finished.counts for finished in importer.recorded] == [expected.to_json() for _, _, expected in files]


async def test_the_report_names_line_reason_and_column_and_nothing_of_the_cells(
    importer: Importer, tmp_path: Path
) -> None:
    files = write_all(tmp_path)
    for kind, path, _ in files[:2]:
        await importer.run(kind, path)
    expected = files[1][2]
    lines = importer.report.getvalue().splitlines()
    assert len(lines) == expected.counts["parked"] + expected.counts["refused"]
    for cell in ("ALLEN", "9999-", "HYPERLINK", "FICTIONAL", "WENT FISHING", "the spring"):
        assert cell not in importer.report.getvalue()
    assert '{"line": 320, "outcome": "parked", "reason": "DATE_IN_FUTURE", "column": "start_date"}' in lines
