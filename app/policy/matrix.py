"""The disclosure matrix: the requirement that the policy is held to, as rows that a lawyer can read.

It decides nothing and is never served; what it requires is tabulated in the form of a grant, so that the two compare.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.bundle import PolicyBundle
from app.policy.engine import DecisionPoint
from app.policy.grant import Cell, Grant, Predicate, simplify_predicate, tabulate_grant
from app.policy.groups import is_field

Key: TypeAlias = tuple[Role, Purpose, Action]
# For each key the classes (or, of a class that is told in part, `class Type.field`) and where each is told.
Tabulation: TypeAlias = Mapping[Key, Mapping[str, Predicate]]


class RecordKind(StrEnum):
    """What a class of fields is about; the states of a record are of its kind."""

    OUTCOME = "outcome"
    OFFICER = "officer"
    STANDING = "standing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter of the cells and the classes it stands for; capital letters stand alone, small ones add to them."""

    symbol: str
    classes: frozenset[str]
    meaning: str

    @property
    def is_level(self) -> bool:
        """Whether it may stand first in a cell."""
        return not self.symbol.islower()


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow:
    """What is told to `roles` for a purpose under each of `relations`: cells by state, standing classes, commands."""

    who: str
    roles: tuple[Role, ...]
    purpose: Purpose
    relations: tuple[Relation, ...]
    cells: Mapping[RecordState, str]
    standing: frozenset[str]
    commands: frozenset[str]
    source: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixDenial:
    """Classes taken away from one who stands in a relation, whatever else he stands in."""

    who: str
    roles: tuple[Role, ...]
    purposes: tuple[Purpose, ...]
    relations: tuple[Relation, ...]
    states: tuple[RecordState, ...]
    classes: frozenset[str]
    source: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureMatrix:
    """The requirement: what no row tells is withheld."""

    classes: Mapping[RecordKind, tuple[str, ...]]
    commands: Mapping[str, Action]
    counted: Mapping[str, Action]
    letters: Mapping[RecordKind, tuple[Letter, ...]]
    columns: Mapping[RecordKind, tuple[RecordState, ...]]
    sets: Mapping[str, frozenset[str]]
    rows: tuple[MatrixRow, ...]
    denials: tuple[MatrixDenial, ...]

    def action_of(self, name: str) -> Action:
        """By which action a class is used: most are read."""
        return self.commands.get(name) or self.counted.get(name, Action.READ)

    def kind_of(self, state: RecordState) -> RecordKind:
        """The kind of record that can be in this state."""
        return next((kind for kind, states in self.columns.items() if state in states), RecordKind.STANDING)

    def read_cell(self, kind: RecordKind, cell: str) -> frozenset[str]:
        """The classes that the letters of a cell stand for; raises `KeyError` for a letter it does not know."""
        by_symbol = {letter.symbol: letter for letter in self.letters[kind]}
        return frozenset().union(*(by_symbol[symbol].classes for symbol in cell))

    def find_cell(self, role: Role, purpose: Purpose, relation: Relation, state: RecordState) -> str:
        """How the requirement writes this cell; empty where no row speaks of it."""
        for row in self.rows:
            if role in row.roles and purpose is row.purpose and relation in row.relations and state in row.cells:
                return row.cells[state]
        return ""


def tabulate_requirement(matrix: DisclosureMatrix) -> Tabulation:
    """What the matrix requires, tabulated as grants are."""
    allowed: dict[Key, dict[str, set[Cell]]] = defaultdict(lambda: defaultdict(set))
    for row in matrix.rows:
        for role in row.roles:
            for relation in row.relations:
                _add_row(matrix, row, relation, allowed, role)
    return MappingProxyType(
        {
            key: _simplify({name: (cells, _list_denied(matrix, key, name)) for name, cells in by_class.items()})
            for key, by_class in allowed.items()
        }
    )


def _add_row(
    matrix: DisclosureMatrix, row: MatrixRow, relation: Relation, allowed: dict[Key, dict[str, set[Cell]]], role: Role
) -> None:
    def tell(name: str, state: RecordState) -> None:
        allowed[role, row.purpose, matrix.action_of(name)][name].add((relation, state))

    for state, cell in row.cells.items():
        for name in matrix.read_cell(matrix.kind_of(state), cell):
            tell(name, state)
    for name in (*row.standing, *row.commands):
        tell(name, RecordState.STANDING)


def _list_denied(matrix: DisclosureMatrix, key: Key, name: str) -> set[Cell]:
    role, purpose, action = key
    return {
        (relation, state)
        for denial in matrix.denials
        if role in denial.roles and purpose in denial.purposes and name in denial.classes
        if action is matrix.action_of(name)
        for relation in denial.relations
        for state in denial.states
    }


def _simplify(cells: Mapping[str, tuple[set[Cell], set[Cell]]]) -> Mapping[str, Predicate]:
    predicates = {name: simplify_predicate(allow, deny) for name, (allow, deny) in sorted(cells.items())}
    return MappingProxyType({name: predicate for name, predicate in predicates.items() if predicate.allow})


def tabulate_policy(bundle: PolicyBundle, grants: Iterable[Grant]) -> Tabulation:
    """What these grants say by class; a class whose fields are not told alike appears field by field."""
    fields: dict[str, list[str]] = defaultdict(list)
    for name, wider in bundle.field_classes.links:
        if is_field(name):
            fields[wider].append(name)
    return MappingProxyType(
        {
            (grant.role, grant.purpose, grant.action): _fold_fields(fields, grant.fields)
            for grant in grants
            if grant.fields
        }
    )


def _fold_fields(classes: Mapping[str, list[str]], granted: Mapping[str, Predicate]) -> Mapping[str, Predicate]:
    nothing = Predicate(allow=frozenset())
    told: dict[str, Predicate] = {}
    for name, fields in sorted(classes.items()):
        found = {field: granted.get(field, nothing) for field in fields}
        alike = set(found.values())
        if len(alike) > 1:
            told |= {f"{name} {field}": predicate for field, predicate in found.items()}
        elif alike != {nothing}:
            told[name] = alike.pop()
    return MappingProxyType(told)


def tabulate_decisions(point: DecisionPoint) -> Tabulation:
    """What a decision point decides, for every role, purpose and action that some rule binds together."""
    keys = sorted({(role, rule.purpose, rule.action) for rule in point.rules for role in point.roles_of(rule)})
    return tabulate_policy(point.bundle, (tabulate_grant(point, *key) for key in keys))
