"""docs/request-path.md says what the code does: its stages exist, its codes are ours, its plan is the planner's.

The layout of the statement on the page is for the reader; every word of it is compared.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from app.answering.served_policy import ServedPolicy
from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode
from app.settings import Settings

MARK = re.compile(r"<!-- checked: (?P<name>[^>]+) -->\n```\w+\n(?P<block>.*?)\n```", re.DOTALL)


@pytest.fixture(scope="module")
def page(settings: Settings) -> str:
    """The text of the page."""
    return (settings.root / "docs" / "request-path.md").read_text("utf-8")


def normalise(sql: str) -> str:
    """A statement without comments and layout."""
    words = " ".join(re.sub(r"--.*", "", sql).split())
    return re.sub(r"\s*([()])\s*", r"\1", words)


def find_rows(page: str) -> list[list[str]]:
    """The rows of the tables of stages, without their heads."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "| where |" not in line]


def test_every_stage_on_the_page_is_in_the_code(page: str) -> None:
    names = set(re.findall(r"`(app(?:\.\w+)+)`", page))
    assert len(names) > 15
    for name in names:
        path, _, last = name.rpartition(".")
        try:
            holder = import_module(path)
        except ModuleNotFoundError:
            outer, _, inner = path.rpartition(".")
            holder = getattr(import_module(outer), inner)
        assert hasattr(holder, last), name


def test_every_file_on_the_page_is_there(page: str, settings: Settings) -> None:
    files = set(re.findall(r"`((?:app|migrations)/[\w/.]+)`", page))
    assert files
    assert [name for name in sorted(files) if not (settings.root / Path(name)).exists()] == []


def test_every_way_to_fail_on_the_page_is_one_of_ours(page: str) -> None:
    rows = find_rows(page)
    assert len(rows) > 15
    told = {code for row in rows for code in re.findall(r"`([A-Z_]+)`", row[3])}
    assert len(told) > 8
    assert told <= {code.value for code in ErrorCode}


def test_the_plan_on_the_page_is_the_planners(page: str, policy: ServedPolicy) -> None:
    blocks = {found["name"]: found["block"] for found in MARK.finditer(page)}
    assert set(blocks) == {"question CandidateName", "plan of CandidateName for the investigator"}
    role, purpose = Role.HIRING_INVESTIGATOR, Purpose.HIRING
    prepared = policy.planner.prepare(
        blocks["question CandidateName"],
        None,
        {"id": "any"},
        schema=policy.find_contract(role, purpose).schema,
        grant=policy.find_grant(role, purpose),
    )
    assert prepared.plan is not None
    assert normalise(blocks["plan of CandidateName for the investigator"]) == normalise(prepared.plan.sql)
    first, *others = prepared.plan.slots
    assert first.is_context
    assert [each.constant for each in others] == [None, None]
