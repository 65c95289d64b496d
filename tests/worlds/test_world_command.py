"""`probity world`: loads, dumps, reports and refuses with the exit codes of the command line."""

from __future__ import annotations

import argparse
import io
import json
import stat
from pathlib import Path

import pytest

from app.cli.world import register
from app.settings import Settings
from app.storage.cluster import Addresses
from tests.worlds.lines import encode, full_lines


@pytest.fixture
def environment(addresses: Addresses, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a demo installation whose database is this test's own."""
    monkeypatch.setenv("PROBITY_MODE", "demo")
    monkeypatch.setenv("PROBITY_HOME", str(settings.home))
    monkeypatch.setenv("PROBITY_DATABASE_URL", addresses.require_owner())


def run(*words: str) -> int:
    """Run the command as `probity world WORDS`."""
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["world", *words])
    return int(arguments.handler(arguments))


@pytest.fixture
def world(tmp_path: Path) -> Path:
    path = tmp_path / "world.jsonl"
    path.write_bytes(b"".join(encode(full_lines())))
    return path


@pytest.mark.usefixtures("environment")
def test_load_and_dump_report_the_same_counts(world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("load", str(world), "--json") == 0
    loaded = json.loads(capsys.readouterr().out)
    assert loaded["lines"] == len(full_lines()) - 1
    assert loaded["kinds"]["officer"] == 2
    assert run("dump", str(tmp_path / "dump.jsonl"), "--json") == 0
    dumped = json.loads(capsys.readouterr().out)
    assert dumped["left_out"] == []
    assert dumped["kinds"] == {kind: count for kind, count in loaded["kinds"].items() if count}
    assert (tmp_path / "dump.jsonl").read_bytes().count(b"\n") == loaded["lines"] + 1


@pytest.mark.usefixtures("environment")
def test_a_dump_can_be_read_by_its_owner_alone_and_leaves_no_draft(world: Path, tmp_path: Path) -> None:
    assert run("load", str(world)) == 0
    folder = tmp_path / "out"
    folder.mkdir()
    assert run("dump", str(folder / "dump.jsonl")) == 0
    (written,) = folder.iterdir()
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


@pytest.mark.usefixtures("environment")
def test_standard_input_and_output_carry_the_world_alone(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with world.open("rb") as stream:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(stream))
        assert run("load", "-") == 0
    capsysbinary.readouterr()
    assert run("dump", "-", "--json") == 0
    written = capsysbinary.readouterr()
    assert all(json.loads(line)["kind"] for line in written.out.splitlines())
    assert written.out.startswith(b'{"kind":"world"')
    assert json.loads(written.err)["lines"] == written.out.count(b"\n") - 1


@pytest.mark.usefixtures("environment")
def test_a_second_load_is_refused(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("load", str(world)) == 0
    assert run("load", str(world)) == 1
    assert "the registry is not empty" in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_a_refused_line_is_told_and_nothing_is_loaded(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world.write_bytes(world.read_bytes() + b'{"kind":"officer","secret":"Xyzzy"}\n')
    assert run("load", str(world)) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"line {len(full_lines()) + 1}: officer has an unknown key")
    assert "Xyzzy" not in said.err + said.out
    world.write_bytes(b"".join(encode(full_lines())))
    assert run("load", str(world)) == 0


@pytest.mark.usefixtures("environment")
def test_a_line_without_an_end_is_not_read_into_memory(world: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world.write_bytes(b'{"kind":"world","version":1}\n' + b'{"kind":"' + b"x" * 3_000_000)
    assert run("load", str(world)) == 1
    assert capsys.readouterr().err.startswith("line 2: is longer than 1000000 bytes")


@pytest.mark.parametrize("command", ["load", "dump"])
@pytest.mark.usefixtures("environment")
def test_production_has_no_worlds(
    command: str, world: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PROBITY_MODE", "production")
    before = world.read_bytes()
    assert run(command, str(world)) == 1
    assert "worlds exist in demo mode only" in capsys.readouterr().err
    assert world.read_bytes() == before


@pytest.mark.usefixtures("environment")
def test_a_file_that_cannot_be_used_is_wrong_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("load", str(tmp_path / "none.jsonl")) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert run("dump", str(tmp_path / "none" / "dump.jsonl")) == 2
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.usefixtures("environment")
def test_a_dump_that_fails_leaves_the_old_file(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "kept.jsonl"
    target.write_text("kept", "utf-8")
    monkeypatch.setenv("PROBITY_DATABASE_URL", "postgresql://nobody@/nowhere?host=/nowhere")
    assert run("dump", str(target)) == 1
    assert target.read_text("utf-8") == "kept"
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_wrong_words_are_wrong_use() -> None:
    with pytest.raises(SystemExit) as stopped:
        run("load")
    assert stopped.value.code == 2
