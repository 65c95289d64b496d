"""`probity policy apply`: what loads is put in place, what does not changes nothing."""

from __future__ import annotations

import argparse
import json
import shutil
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from app.cli import policy_apply
from app.main import assemble
from app.settings import Settings
from app.storage import wall
from app.storage.cluster import Addresses
from app.storage.grants_matrix import read_matrix
from tests.access.moving_policy import without_rules


@pytest.fixture
def root(addresses: Addresses, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data directories, which the command reads as its own, over a database of the test's own."""
    for name in ("policies", "migrations", "graphql"):
        shutil.copytree(settings.root / name, tmp_path / name)
    own = replace(settings, owner_url=addresses.require_owner(), root=tmp_path)
    monkeypatch.setattr(policy_apply, "read_settings", lambda _: own)
    return tmp_path


def run(*words: str) -> int:
    """Run the command as the command line would."""
    parser = argparse.ArgumentParser()
    policy_apply.add_apply(parser.add_subparsers(required=True))
    arguments = parser.parse_args(["apply", *words])
    return int(arguments.handler(arguments))


def test_a_changed_policy_is_put_in_place_once_and_told(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--check") == 0
    without_rules("POST-14")(root / "policies")
    assert run("--check", "--json") == 1
    said = capsys.readouterr().out
    assert json.loads(said[said.index("{") :])["stands"] is False
    assert run("--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["stands"] is True
    assert told["before_sha256"] != told["policy_sha256"]
    assert run("--check") == 0
    assert "yes" in capsys.readouterr().out


def test_a_policy_that_does_not_load_changes_nothing(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = root / "policies" / "rules" / "post_officer.csv"
    whole = rules.read_text("ascii")
    rules.write_text(whole.replace(", allow, POST-14, ", ", Allow, POST-14, "), "ascii")
    assert run() == 1
    said = capsys.readouterr().err
    assert "post_officer.csv" in said
    rules.write_text(whole, "ascii")
    assert run("--check") == 0, "the database still stands on the whole one"


def test_another_directory_can_be_named(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(root / "policies", other)
    without_rules("POST-14")(other)
    assert run("--policies", str(other)) == 0
    assert run("--check", "--policies", str(other)) == 0
    assert run("--check") == 1


async def test_a_policy_that_somebody_else_put_in_place_meanwhile_stays(
    addresses: Addresses, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What could not be put in place puts back what stood before, and never over what came since."""
    other, turns = b"\x01" * 32, []

    async def try_in_turn(connection: asyncpg.Connection, _put: object) -> bool:
        turns.append(await connection.fetchval("SELECT policy_sha256 FROM gate.installation"))
        if len(turns) == 2:
            await connection.execute("UPDATE gate.installation SET policy_sha256 = $1", other)
        return len(turns) == 3

    monkeypatch.setattr(wall, "_try_in_turn", try_in_turn)
    connection = await asyncpg.connect(addresses.require_owner())
    try:
        await wall.replace_wall(connection, assemble(settings.root).wall, read_matrix(settings.root))
    finally:
        await connection.close()
    assert turns[1:] == [None, other]
