"""The page about the format says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg
import pytest

from app.registry.world.kinds import KINDS
from app.registry.world.reading import LONGEST_LINE
from app.registry.world.reference import BEGIN, END, main, render_reference, replace_reference
from app.settings import Settings
from tests.worlds.lines import load

PAGE = Path(__file__).resolve().parents[2] / "docs" / "world-format.md"


def test_the_tables_of_the_page_are_those_of_the_code() -> None:
    text = PAGE.read_text("utf-8")
    assert text == replace_reference(text), f"run: python -m app.registry.world.reference {PAGE.name} (in docs/)"


def test_every_kind_has_its_own_heading() -> None:
    text = PAGE.read_text("utf-8")
    assert re.findall(r"^### `(\w+)`$", text, re.MULTILINE) == [kind.name for kind in KINDS]


async def test_the_small_world_of_the_page_loads(owner: asyncpg.Connection, settings: Settings) -> None:
    (world,) = re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    counts = await load(owner, settings, world.encode().splitlines(keepends=True))
    assert sum(counts.values()) == world.count("\n") - 1


def test_the_longest_line_is_the_one_of_the_page() -> None:
    assert f"no line over {LONGEST_LINE:,} bytes" in PAGE.read_text("utf-8")


def test_the_reference_is_written_between_the_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", "utf-8")
    assert main([str(page)]) == 0
    assert page.read_text("utf-8") == f"before\n{BEGIN}\n\n{render_reference()}\n{END}\nafter\n"


def test_a_page_without_markers_is_left_alone() -> None:
    with pytest.raises(ValueError, match="both markers"):
        replace_reference("nothing here")
