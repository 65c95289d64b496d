"""The command line follows common habits: help, exit codes, refusals in one line on standard error.

Each command is run through the same entry as `probity`.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.__main__ import COMMANDS, main


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in sorted(COMMANDS))], ids=" ".join)
def test_every_command_explains_itself(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    assert "usage: probity" in capsys.readouterr().out


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n    {name} " not in said] == []


@pytest.mark.parametrize(
    "words",
    [[], ["forgive"], ["serve", "--port", "many"], ["token"], ["world"], ["import", "careers", "x.csv"]],
    ids=str,
)
def test_wrong_use_is_told_with_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: probity" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PORT", "eighty", "PORT must be a whole number"),
        ("PROBITY_MODE", "test", "PROBITY_MODE must be demo or production"),
        ("PROBITY_ORIGIN", "nowhere-at-all", "PROBITY_ORIGIN must be a scheme and a host"),
    ],
)
def test_a_wrong_setting_is_refused_with_code_1_and_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    assert main(["serve"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("probity: ")
    assert says in said
    assert value not in said.replace(name, "")


def test_it_runs_as_a_module_too() -> None:
    ran = subprocess.run([sys.executable, "-m", "app", "--help"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0
    assert "usage: probity" in ran.stdout
    assert ran.stderr == ""
