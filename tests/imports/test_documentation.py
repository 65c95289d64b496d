"""docs/importing.md says what the code does: every reason, every column of the plain list, every key of a mapping."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.intake import REFUSED_REASONS, REVIEWABLE_REASONS, AcceptedAs, ImportKind, Reason
from app.registry.intake.agencies import PLAIN_NEEDED, PLAIN_OPTIONAL
from app.registry.intake.mapping_file import read_mapping

from .conftest import MAPPINGS

PAGE = (Path(__file__).parents[2] / "docs" / "importing.md").read_text("utf-8")


def test_the_page_lists_every_reason_with_what_becomes_of_the_row() -> None:
    listed = dict(
        re.findall(r"^\| `([A-Z_]+)` \| (parked|refused)(?:, or as the mapping says)? \|", PAGE, re.MULTILINE)
    )
    assert listed == {reason.value: "refused" if reason in REFUSED_REASONS else "parked" for reason in Reason}
    movable = set(re.findall(r"^\| `([A-Z_]+)` \| (?:parked|refused), or as the mapping says \|", PAGE, re.MULTILINE))
    assert movable == {reason.value for reason in REVIEWABLE_REASONS}


@pytest.mark.parametrize("word", [*AcceptedAs, *PLAIN_NEEDED, *PLAIN_OPTIONAL])
def test_the_page_names_it(word: str) -> None:
    assert f"`{word}`" in PAGE


def list_keys(table: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, value in table.items():
        name = f"{path}{key}"
        yield name
        if isinstance(value, dict) and key not in ("codes", "aliases", "words"):
            yield from list_keys(value, f"{name}.")
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from list_keys(value[0], f"{name}.")


@pytest.mark.parametrize("name", ["wa_careers", "wa_cases"])
def test_the_page_explains_every_key_of_the_shipped_mappings(name: str) -> None:
    mapping = tomllib.loads((MAPPINGS / f"{name}.toml").read_text("utf-8"))
    for key in list_keys(mapping):
        assert f"`{key}`" in PAGE, key


def test_the_example_of_another_state_can_be_read(tmp_path: Path) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(examples) == 1
    path = tmp_path / "example.toml"
    path.write_text(examples[0], "utf-8")
    assert read_mapping(path, ImportKind.CAREERS).state == "OR"
