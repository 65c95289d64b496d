"""The page that says which channel is tested where names tests that are there, and leaves no channel out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app.planning.row_rights import GATE_FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "access-tests.md"
ROWS = re.compile(r"^\| (?P<channel>[^|]+) \| (?P<tests>`tests/[^|]+) \|$", re.MULTILINE)
CHANNELS = ("filter", "sort", "cursor", "count", "node(id)", "error", "command", "introspection", "header", "time")


def read_rows() -> dict[str, list[str]]:
    """The channels of the page with the tests named for each."""
    return {row["channel"]: re.findall(r"`([^`]+)`", row["tests"]) for row in ROWS.finditer(PAGE.read_text("utf-8"))}


def find_test(name: str) -> bool:
    """Whether a test function, or a file or folder with any, is there."""
    path, _, function = name.partition("::")
    place = ROOT / path
    files = sorted(place.rglob("test_*.py")) if place.is_dir() else [place]
    names = [
        node.name
        for file in files
        if file.is_file()
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    return function in names if function else bool(names)


@pytest.mark.parametrize("channel", sorted(read_rows()))
def test_every_test_that_the_page_names_is_there(channel: str) -> None:
    assert [name for name in read_rows()[channel] if not find_test(name)] == []


def test_the_page_speaks_of_every_channel() -> None:
    rows = " ".join(read_rows())
    assert len(read_rows()) > 15
    assert [word for word in CHANNELS if word not in rows] == []


def test_a_test_that_is_not_there_would_be_found() -> None:
    assert not find_test("tests/properties/test_three_ways.py::test_that_nobody_wrote")
    assert not find_test("tests/properties/test_nothing.py")


def test_the_page_names_the_functions_that_answer_about_an_argument() -> None:
    page = PAGE.read_text("utf-8")
    asking = {name for name, arguments in GATE_FUNCTIONS.items() if arguments}
    assert asking
    assert {name for name in asking if f"`{name}`" not in page} == set()
