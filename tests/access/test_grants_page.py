"""docs/grants.md says what the code does: who gives which role, every command, every refusal."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from app.cli import grants
from app.domain.delegation import DELEGABLE, LONGEST_MANDATE_MONTHS
from app.domain.vocabulary import Role
from app.registry.break_glass import LONGEST_HOURS, LONGEST_WAIT
from app.registry.refusal import SENTENCES
from app.schema.commands import COMMANDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "grants.md").read_text("utf-8")


def list_rows(head: str) -> list[list[str]]:
    """The cells of the table whose head begins so."""
    table = PAGE.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def test_who_gives_which_role() -> None:
    told: dict[str, set[str]] = {}
    for by, roles, _ in list_rows("by | roles | where"):
        told.setdefault(by.strip("`"), set()).update(re.findall(r"`([a-z_]+)`", roles))
    told.pop("the operator")
    assert told == {role.value: {given.value for given in roles} for role, roles in DELEGABLE.items()}
    assert not {Role.REGISTRAR, Role.AUDITOR, Role.PUBLIC} & frozenset().union(*DELEGABLE.values())


def test_every_command_and_every_refusal() -> None:
    assert [row[0].strip("`") for row in list_rows("mutation | by | what")] == list(COMMANDS)
    assert {row[0].strip("`"): row[1] for row in list_rows("code | message")} == {
        code.value: sentence for code, sentence in SENTENCES.items()
    }


def test_the_limits() -> None:
    assert f"at most {LONGEST_MANDATE_MONTHS} months" in PAGE
    assert f"up to {LONGEST_HOURS} hours" in PAGE
    assert f"within {LONGEST_WAIT.days} days" in PAGE


def test_the_commands_of_the_operator() -> None:
    lines = re.findall(r"^    probity (grants .+)$", PAGE, re.MULTILINE)
    assert len(lines) == 4
    parser = argparse.ArgumentParser()
    grants.register(parser.add_subparsers())
    for line in lines:
        assert callable(parser.parse_args(line.split()).handler)
