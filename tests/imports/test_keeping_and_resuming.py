"""What an import keeps: all or nothing, nothing at all when it is only tried, and everything once after a kill."""

from __future__ import annotations

import asyncio
import io
import signal
import sys
from pathlib import Path

import asyncpg
import pytest

from app.domain.intake import ImportKind
from app.errors import ImportRefused
from app.registry.intake.report import ReportWriter
from app.storage.intake.batches import Connection, FinishedImport, Scope, lock_source, open_importer

from .conftest import Importer
from .generated_files import (
    CAREER_HEADER,
    Expected,
    good_career,
    invent_person,
    write_agencies,
    write_careers,
    write_rows,
)

SCRIPT = Path(__file__).with_name("interrupted_import.py")


async def bring_agencies(importer: Importer, folder: Path) -> None:
    write_agencies(folder / "agencies.csv")
    await importer.run(ImportKind.AGENCIES, folder / "agencies.csv")


def write_good(path: Path, stints: int) -> None:
    rows = (good_career(index, invent_person(index), 40) for index in range(stints))
    write_rows(path, CAREER_HEADER, rows)


async def count_kept(owner: asyncpg.Connection) -> tuple[int, ...]:
    tables = ("officers", "stints", "review_items", "source_records", "import_batches")
    return tuple([await owner.fetchval(f"SELECT count(*) FROM registry.{table}") for table in tables])


async def test_a_dry_run_counts_everything_and_keeps_and_records_nothing(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring_agencies(importer, tmp_path)
    before, recorded = await count_kept(owner), len(importer.recorded)
    path = tmp_path / "careers.csv"
    expected = write_careers(path, stints=60)
    result = await importer.run(ImportKind.CAREERS, path, is_dry_run=True, chunk_rows=25)
    assert result.counts.to_json() == expected.to_json()
    assert not result.is_kept
    assert (await count_kept(owner), len(importer.recorded)) == (before, recorded)


async def test_all_or_nothing_keeps_nothing_of_a_file_with_a_refused_row(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring_agencies(importer, tmp_path)
    before = await count_kept(owner)
    path = tmp_path / "careers.csv"
    expected = write_careers(path, stints=60)
    result = await importer.run(ImportKind.CAREERS, path, scope=Scope.FILE, chunk_rows=25)
    assert result.counts.to_json() == expected.to_json()
    assert not result.is_kept
    assert await count_kept(owner) == before
    assert len(importer.report.getvalue().splitlines()) == expected.counts["parked"] + expected.counts["refused"]


async def test_all_or_nothing_keeps_a_file_without_one(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring_agencies(importer, tmp_path)
    write_good(tmp_path / "careers.csv", 60)
    result = await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv", scope=Scope.FILE, chunk_rows=25)
    assert result.is_kept
    assert await owner.fetchval("SELECT count(*) FROM registry.stints") == 60
    assert importer.recorded[-1].scope is Scope.FILE


async def test_an_import_that_is_killed_goes_on_where_it_was_and_counts_each_row_once(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring_agencies(importer, tmp_path)
    path = tmp_path / "careers.csv"
    expected: Expected = write_careers(path, stints=300, flaws=2)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SCRIPT), str(path), "100", "2"), stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(importer.address.encode())
    assert process.returncode == -signal.SIGKILL
    batch = await owner.fetchrow("SELECT rows_done, finished_at FROM registry.import_batches WHERE kind = 'careers'")
    assert (batch["rows_done"], batch["finished_at"]) == (200, None)
    assert await owner.fetchval("SELECT count(*) FROM registry.stints") == 200

    shown: list[int] = []
    result = await importer.run(
        ImportKind.CAREERS, path, chunk_rows=100, show_progress=lambda done, total: shown.append(done)
    )
    assert result.counts.to_json() == expected.to_json()
    assert shown[0] == 300
    assert await owner.fetchval("SELECT count(*) FROM registry.stints") == expected.counts["accepted"]
    assert (await importer.run(ImportKind.CAREERS, path)).counts.to_json() == expected.to_second_json()


async def test_an_interrupted_import_cannot_be_finished_as_all_or_nothing(importer: Importer, tmp_path: Path) -> None:
    await bring_agencies(importer, tmp_path)
    write_good(tmp_path / "careers.csv", 60)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv", chunk_rows=25, show_progress=stop)
    with pytest.raises(ImportRefused, match="run it again without --all-or-nothing first"):
        await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv", scope=Scope.FILE)
    result = await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv")
    assert result.counts.to_json()["accepted"] == 60


async def test_an_import_whose_audit_record_fails_is_not_finished(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring_agencies(importer, tmp_path)
    write_good(tmp_path / "careers.csv", 5)

    async def fail(connection: Connection, finished: FinishedImport) -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv", record=fail)
    finished = await owner.fetchval("SELECT finished_at FROM registry.import_batches WHERE kind = 'careers'")
    assert finished is None


async def test_a_database_that_fails_an_import_is_not_quoted(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring_agencies(importer, tmp_path)
    write_good(tmp_path / "careers.csv", 60)
    await owner.execute("ALTER TABLE registry.officers ADD CONSTRAINT no_smith CHECK (family_name <> 'SMITH')")
    with pytest.raises(ImportRefused, match=r"SQLSTATE 23514; what was kept before is whole$") as refusal:
        await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv")
    assert refusal.value.__suppress_context__


async def test_an_import_that_loses_its_database_can_be_run_again(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring_agencies(importer, tmp_path)
    write_good(tmp_path / "careers.csv", 60)

    async def cut(connection: Connection, finished: FinishedImport) -> None:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(ImportRefused, match="run the command again"):
        await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv", record=cut)
    again = await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv")
    assert again.counts.to_json()["accepted"] == 60


async def test_a_source_is_imported_by_one_process_at_a_time(importer: Importer, tmp_path: Path) -> None:
    write_agencies(tmp_path / "agencies.csv")
    async with open_importer(importer.address) as other:
        assert await lock_source(other, "generated-list")
        with pytest.raises(ImportRefused, match="another import of this source is running"):
            await importer.run(ImportKind.AGENCIES, tmp_path / "agencies.csv")
        assert (await importer.run(ImportKind.AGENCIES, tmp_path / "agencies.csv", source="other")).is_kept
    assert (await importer.run(ImportKind.AGENCIES, tmp_path / "agencies.csv")).is_kept


async def test_two_sources_that_bring_the_same_officers_at_once_make_each_of_them_once(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring_agencies(importer, tmp_path)
    write_good(tmp_path / "careers.csv", 200)
    results = await asyncio.gather(
        *(
            importer.run(ImportKind.CAREERS, tmp_path / "careers.csv", source=source, chunk_rows=20)
            for source in ("one", "two")
        )
    )
    assert sum(result.counts.to_json()["accepted"] for result in results) == 200
    assert await owner.fetchval("SELECT count(*) FROM registry.officers") == 200
    assert await owner.fetchval("SELECT count(*) FROM registry.stints") == 200


def test_a_report_goes_on_after_an_interruption_and_starts_afresh_otherwise() -> None:
    stream = io.StringIO("of the first part\n")
    stream.seek(0, io.SEEK_END)
    ReportWriter(stream).begin(is_resumed=True)
    assert stream.getvalue() == "of the first part\n"
    ReportWriter(stream).begin(is_resumed=False)
    assert stream.getvalue() == ""
