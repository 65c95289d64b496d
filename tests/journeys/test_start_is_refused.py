"""A policy directory that is empty, misspelt or cyclic: the server does not start and says which line.

The command is run as a person would run it, on a copy of the installation's data directories.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from app import __main__ as command
from app.cli import serve
from app.errors import SetupRefused
from app.main import open_pipeline
from app.settings import Mode, Settings
from app.storage.cluster import Addresses


@pytest.fixture
def copied_root(tmp_path: Path, settings: Settings) -> Path:
    """A root with policies of its own."""
    shutil.copytree(settings.root / "policies", tmp_path / "policies")
    shutil.copytree(settings.root / "graphql", tmp_path / "graphql")
    return tmp_path


@pytest.fixture
def start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], settings: Settings, copied_root: Path
) -> object:
    """Run `probity serve` over the copied root; gives the exit code and what it said."""
    monkeypatch.setattr(serve, "read_settings", lambda _: replace(settings, root=copied_root))

    def run() -> tuple[int, str]:
        code = command.main(["serve"])
        return code, capsys.readouterr().err

    return run


def test_an_empty_policy_directory_refuses_the_start(start, copied_root: Path) -> None:
    shutil.rmtree(copied_root / "policies")
    (copied_root / "policies").mkdir()
    code, said = start()
    assert code == 1
    assert "policies" in said


def test_a_missing_policy_directory_refuses_the_start(start, copied_root: Path) -> None:
    (copied_root / "policies").rename(copied_root / "polices")
    code, said = start()
    assert code == 1
    assert "policies" in said


def test_a_misspelt_effect_refuses_the_start_and_names_the_line(start, copied_root: Path) -> None:
    rules = copied_root / "policies" / "rules" / "public.csv"
    rules.write_text(rules.read_text("ascii").replace(" allow,", " Allow,"), "ascii")
    code, said = start()
    assert code == 1
    assert "public.csv line 1" in said


def test_a_cycle_of_classes_refuses_the_start_and_names_the_line(start, copied_root: Path) -> None:
    fields = copied_root / "policies" / "fields.csv"
    text = fields.read_text("ascii")
    fields.write_text(text + "g2, public_facts, structure\n", "ascii")
    code, said = start()
    assert code == 1
    assert f"fields.csv line {text.count(chr(10)) + 1}" in said


def test_a_field_of_the_contract_without_a_class_refuses_the_start(start, copied_root: Path) -> None:
    fields = copied_root / "policies" / "fields.csv"
    lines = [line for line in fields.read_text("ascii").splitlines() if "Officer.familyName" not in line]
    fields.write_text("\n".join(lines) + "\n", "ascii")
    code, said = start()
    assert code == 1
    assert "Officer.familyName" in said


async def test_a_database_that_stands_on_another_policy_refuses_the_start(
    addresses: Addresses, owner: asyncpg.Connection, settings: Settings
) -> None:
    await owner.execute("UPDATE gate.installation SET policy_sha256 = sha256('another')")
    with pytest.raises(SetupRefused, match="stands on another policy"):
        async with open_pipeline(settings, addresses):
            pass


async def test_production_without_a_trusted_issuer_refuses_the_start(addresses: Addresses, settings: Settings) -> None:
    with pytest.raises(SetupRefused, match="no token issuer is trusted"):
        async with open_pipeline(replace(settings, mode=Mode.PRODUCTION), addresses):
            pass
