"""docs/audit.md says what the code does: kinds, faults, forms and the order of what is hashed."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from app.audit import chain
from app.audit.chain import ChainRow
from app.audit.records import RecordKind
from app.audit.verification import FaultKind

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "audit.md").read_text("utf-8")


def list_codes(first_cells: str) -> list[str]:
    """The codes in the first cells of the table whose head begins so."""
    table = PAGE.split(f"| {first_cells} |", 1)[1].split("\n\n", 1)[0]
    return [code for row in table.splitlines()[2:] for code in re.findall(r"`([A-Z_]+)`", row.split("|")[1])]


def test_every_kind_of_record_is_explained() -> None:
    assert list_codes("kind | when | items") == [kind.value for kind in RecordKind]


def test_every_fault_is_explained() -> None:
    assert list_codes("fault | meaning") == [kind.value for kind in FaultKind]


def test_the_columns_are_listed_in_the_order_in_which_they_are_hashed() -> None:
    listed = PAGE.split("* **Record**:", 1)[1].split("\n\n", 1)[0].split("but `hash`:", 1)[1].split(". `at`", 1)[0]
    assert re.findall(r"`(\w+)`", listed) == [field.name for field in fields(ChainRow) if field.name != "hash"]


def test_the_forms_are_the_ones_in_use() -> None:
    forms = {chain._CHAIN_FORM, chain._ITEMS_FORM, chain._RECORD_FORM}
    assert set(re.findall(r"`(probity-audit-\w+-1)`", PAGE)) == forms
