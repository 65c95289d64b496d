"""`probity import`: what it prints, what it writes and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import asyncpg
import pytest

from app.cli import imports
from app.settings import Settings
from app.storage.cluster import Addresses

from .generated_files import Expected, write_agencies, write_careers, write_cases

Run = Callable[..., int]


@pytest.fixture
def run(addresses: Addresses, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command against a fresh database; gives its exit code."""
    monkeypatch.setenv("PROBITY_HOME", str(settings.home))
    monkeypatch.setenv("PROBITY_MODE", "demo")
    monkeypatch.setenv("PROBITY_DATABASE_URL", addresses.require_owner())
    for login, address in addresses.by_login.items():
        monkeypatch.setenv(login.variable, address)

    def run_command(*words: str) -> int:
        parser = argparse.ArgumentParser(prog="probity")
        imports.register(parser.add_subparsers(required=True))
        arguments = parser.parse_args(["import", *words])
        code: int = arguments.handler(arguments)
        return code

    return run_command


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Expected]:
    """A file of each kind in the test's folder, with its counts."""
    return {
        "agencies": write_agencies(tmp_path / "agencies.csv"),
        "careers": write_careers(tmp_path / "careers.csv", stints=40, case_officers=4),
        "cases": write_cases(tmp_path / "cases.csv", groups=1),
    }


def ask(addresses: Addresses, question: str) -> list[asyncpg.Record]:
    async def fetch() -> list[asyncpg.Record]:
        connection = await asyncpg.connect(addresses.require_owner())
        try:
            return await connection.fetch(question)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def test_three_files_are_imported_counted_reported_and_recorded(
    run: Run, files: dict[str, Expected], addresses: Addresses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, expected in files.items():
        mapping = () if kind == "agencies" else ("--mapping", f"wa_{kind}")
        report = tmp_path / f"{kind}.jsonl"
        assert run(kind, str(tmp_path / f"{kind}.csv"), *mapping, "--json", "--report", str(report)) == 0
        printed = capsys.readouterr()
        assert json.loads(printed.out) == expected.to_json()
        lines = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
        assert len(lines) == expected.counts["parked"] + expected.counts["refused"]
        assert all(set(line) == {"line", "outcome", "reason", "column"} for line in lines)
    records = ask(
        addresses, "SELECT operation, result, item_count, state_code FROM audit.records WHERE kind = 'IMPORT'"
    )
    assert {tuple(record) for record in records} == {
        ("import agencies", "IMPORTED", 0, None),
        ("import careers", "IMPORTED", 0, "WA"),
        ("import cases", "IMPORTED", 0, "WA"),
    }


def test_without_json_the_counts_are_told_in_lines(
    run: Run, files: dict[str, Expected], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("agencies", str(tmp_path / "agencies.csv")) == 0
    printed = capsys.readouterr()
    assert "read              43" in printed.out
    assert "  AGENCY_ADDED                          43" in printed.out
    assert printed.err == ""


def test_a_dry_run_says_so_and_keeps_nothing(
    run: Run, files: dict[str, Expected], addresses: Addresses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("agencies", str(tmp_path / "agencies.csv"), "--dry-run", "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["accepted"] == 43
    assert "nothing was kept" in printed.err
    assert ask(addresses, "SELECT id FROM registry.agencies") == []
    assert ask(addresses, "SELECT id FROM audit.records") == []


def test_all_or_nothing_ends_with_one_where_a_row_is_refused(
    run: Run, files: dict[str, Expected], addresses: Addresses, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("agencies", str(tmp_path / "agencies.csv"), "--all-or-nothing") == 0
    words = ("careers", str(tmp_path / "careers.csv"), "--mapping", "wa_careers", "--all-or-nothing")
    assert run(*words) == 1
    assert "nothing was kept" in capsys.readouterr().err
    assert ask(addresses, "SELECT id FROM registry.officers") == []


def test_standard_input_is_read_as_a_file(
    run: Run, files: dict[str, Expected], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO((tmp_path / "agencies.csv").read_bytes()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert run("agencies", "-", "--json", "--source", "by-hand") == 0
    assert json.loads(capsys.readouterr().out) == files["agencies"].to_json()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("agencies", "absent.csv"), 2, "the file cannot be read"),
        (("agencies", "."), 2, "the file cannot be read"),
        (("agencies", "agencies.csv", "--report", "absent/report.jsonl"), 2, "the report cannot be written there"),
        (("agencies", "agencies.csv", "--report", "agencies.csv"), 2, "the report would overwrite the file"),
        (("careers", "careers.csv", "--mapping", "or_careers"), 1, "there is no such mapping file"),
        (("careers", "careers.csv", "--mapping", "wa_cases"), 1, "kind is not careers"),
        (("cases", "careers.csv", "--mapping", "wa_cases"), 1, "the file lacks these columns"),
        (("agencies", "careers.csv"), 1, "the file lacks these columns: kind, level, name"),
    ],
)
def test_wrong_use_ends_with_two_and_a_refusal_with_one(
    run: Run,
    files: dict[str, Expected],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    code: int,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*words) == code
    printed = capsys.readouterr()
    assert sentence in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("words", [(), ("careers", "f.csv"), ("agencies",), ("agencies", "f.csv", "--mapping", "x")])
def test_a_command_line_that_is_not_whole_ends_with_two(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*words)
    assert ended.value.code == 2
