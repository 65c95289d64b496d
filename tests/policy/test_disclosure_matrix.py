"""The disclosure matrix, role by record state, against the policy: neither may say more or less than the other.

What no row speaks of must be withheld: a role in a relation without a row is told nothing of outcomes and officers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypeAlias

import pytest

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.engine import DecisionPoint
from app.policy.grant import tabulate_grant

MATRIX = tomllib.loads((Path(__file__).parent / "expected_disclosure.toml").read_text("ascii"))
LEVELS: Mapping[str, frozenset[str]] = {
    "-": frozenset(),
    "E": frozenset({"outcome_existence"}),
    "S": frozenset({"outcome_existence", "outcome_summary"}),
    "F": frozenset({"outcome_existence", "outcome_summary", "outcome_detail"}),
}
LISTINGS: Mapping[str, frozenset[str]] = {
    "-": frozenset(),
    "K": frozenset({"officer_key"}),
    "N": frozenset({"officer_key", "officer_identity"}),
}
OUTCOME_CLASSES = LEVELS["F"] | {"outcome_process", "outcome_hold"}
LISTING_CLASSES = LISTINGS["N"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Who is asking how, and the classes that must be readable in each state."""

    who: str
    role: Role
    purpose: Purpose
    relation: Relation
    told: Mapping[RecordState, frozenset[str]]


def read_row(row: dict[str, str]) -> Row:
    columns = [RecordState(name) for name in MATRIX["columns"]]
    levels = zip(columns, row["level"].split(" "), strict=True)
    told = {state: LEVELS[cell] for state, cell in levels}
    for name in ("process", "hold"):
        marks = row.get(name, " ".join("-" for _ in columns)).split(" ")
        for state, mark in zip(columns, marks, strict=True):
            told[state] |= {f"outcome_{name}"} if {"x": True, "-": False}[mark] else frozenset()
    listings = zip(MATRIX["listings"], row["listing"].split(" "), strict=True)
    told |= {RecordState(name): LISTINGS[cell] for name, cell in listings}
    return Row(
        who=row["who"],
        role=Role(row["role"]),
        purpose=Purpose(row["purpose"]),
        relation=Relation(row["relation"]),
        told=told,
    )


ROWS = [read_row(row) for row in MATRIX["row"]]


Readable: TypeAlias = dict[RecordState, set[str]]


def list_readable(point: DecisionPoint, role: Role, purpose: Purpose, relation: Relation) -> Readable:
    """The classes that are readable in each state; a class told in part raises."""
    grant = tabulate_grant(point, role, purpose, Action.READ)
    readable: Readable = {state: set() for state in RecordState}
    for name, wider in point.bundle.field_classes.links:
        if not grant.readable(name) or wider not in OUTCOME_CLASSES | LISTING_CLASSES:
            continue
        twins = [field for field, sensitivity in point.bundle.field_classes.links if sensitivity == wider]
        assert all(grant.fields.get(twin, None) == grant.fields[name] for twin in twins if "." in twin)
        for state in RecordState:
            if grant.fields[name].holds(frozenset({relation}), state):
                readable[state].add(wider)
    return readable


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.who)
def test_the_policy_tells_exactly_what_the_matrix_says(point: DecisionPoint, row: Row) -> None:
    readable = list_readable(point, row.role, row.purpose, row.relation)
    assert {state: readable[state] for state in row.told} == row.told
    assert readable[RecordState.STANDING] == set()


def test_the_matrix_speaks_of_every_state_of_outcomes_and_officers() -> None:
    assert all(set(row.told) == set(RecordState) - {RecordState.STANDING} for row in ROWS)


def test_what_no_row_speaks_of_is_withheld(point: DecisionPoint) -> None:
    spoken = {(row.role, row.purpose, row.relation) for row in ROWS}
    silent = [cell for cell in product(Role, Purpose, Relation) if cell not in spoken]
    assert len(silent) == len(Role) * len(Purpose) * len(Relation) - len(ROWS)
    told = [cell for cell in silent if any(list_readable(point, *cell).values())]
    assert told == []
