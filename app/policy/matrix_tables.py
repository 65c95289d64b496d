"""Tables of who is told what, role by relation by state: of the requirement or of the policy, by one renderer.

A cell that the requirement's letters cannot spell names the classes in full; nothing is left out to fit a letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.grant import Predicate
from app.policy.matrix import DisclosureMatrix, RecordKind, Tabulation

_KINDS: Final = (RecordKind.OUTCOME, RecordKind.OFFICER)
_HEAD: Final = ("role", "purpose", "standing")
_TITLES: Final = {
    RecordKind.OUTCOME: "Of an outcome, by its state",
    RecordKind.OFFICER: "Of an officer, by what is known of the outcomes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """What one relation tells a role for a purpose, or, as a row of `taken`, what it takes away."""

    role: Role
    purpose: Purpose
    relation: Relation
    told: Mapping[RecordState, frozenset[str]]
    cells: Mapping[RecordState, str]
    commands: frozenset[str] = frozenset()

    @property
    def head(self) -> tuple[str, str, str]:
        """The cells that say whose row it is."""
        return (str(self.role), str(self.purpose), str(self.relation))

    def tells_of(self, states: Iterable[RecordState]) -> bool:
        """Whether it tells any class in one of these states."""
        return any(self.told[state] for state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixTables:
    """Both halves of a matrix: what each relation tells, and what some take away from all others."""

    told: tuple[TableRow, ...]
    taken: tuple[TableRow, ...]


def build_tables(matrix: DisclosureMatrix, tabulation: Tabulation, role: Role | None = None) -> MatrixTables:
    """The tables of a tabulation in the letters of `matrix`, of all roles or of one.

    Each relation is taken alone with what everyone is told; it has a row where it tells anything more.
    """
    pairs = sorted(
        {(who, purpose) for who, purpose, _ in tabulation if role in (None, who)},
        key=lambda pair: (list(Role).index(pair[0]), list(Purpose).index(pair[1])),
    )
    told, taken = [], []
    for who, purpose in pairs:
        everyone = _tell(matrix, tabulation, who, purpose, Relation.ANYWHERE)
        told.append(everyone)
        for relation in Relation:
            row = _tell(matrix, tabulation, who, purpose, relation)
            if (row.told, row.commands) != (everyone.told, everyone.commands):
                told.append(row)
            loss = _take(matrix, tabulation, who, purpose, relation)
            if loss.commands or loss.tells_of(RecordState):
                taken.append(loss)
    return MatrixTables(told=tuple(told), taken=tuple(taken))


def _tell(
    matrix: DisclosureMatrix, tabulation: Tabulation, role: Role, purpose: Purpose, relation: Relation
) -> TableRow:
    held = {relation, Relation.ANYWHERE}
    cells = [
        (action, name, state)
        for action, name, predicate in _list_predicates(tabulation, role, purpose)
        for state in RecordState
        if any((each, state) in predicate.allow for each in held)
    ]
    return _make_row(matrix, role, purpose, relation, cells)


def _take(
    matrix: DisclosureMatrix, tabulation: Tabulation, role: Role, purpose: Purpose, relation: Relation
) -> TableRow:
    cells = [
        (action, name, state)
        for action, name, predicate in _list_predicates(tabulation, role, purpose)
        for state in RecordState
        if (relation, state) in predicate.deny
    ]
    return _make_row(matrix, role, purpose, relation, cells)


def _list_predicates(tabulation: Tabulation, role: Role, purpose: Purpose) -> Iterator[tuple[Action, str, Predicate]]:
    for (who, what_for, action), by_class in tabulation.items():
        if (who, what_for) == (role, purpose):
            yield from ((action, name, predicate) for name, predicate in by_class.items())


def _make_row(
    matrix: DisclosureMatrix,
    role: Role,
    purpose: Purpose,
    relation: Relation,
    found: Iterable[tuple[Action, str, RecordState]],
) -> TableRow:
    told: dict[RecordState, set[str]] = {state: set() for state in RecordState}
    commands: set[str] = set()
    for action, name, state in found:
        (told[state] if action in {Action.READ, Action.AGGREGATE} else commands).add(name)
    frozen = {state: frozenset(names) for state, names in told.items()}
    cells = {
        state: spell_cell(matrix, state, names, matrix.find_cell(role, purpose, relation, state))
        for state, names in frozen.items()
        if matrix.kind_of(state) is not RecordKind.STANDING
    }
    return TableRow(
        role=role,
        purpose=purpose,
        relation=relation,
        told=MappingProxyType(frozen),
        cells=MappingProxyType(cells),
        commands=frozenset(commands),
    )


def spell_cell(matrix: DisclosureMatrix, state: RecordState, classes: frozenset[str], required: str) -> str:
    """The classes in letters: as the requirement writes the cell if it means the same, else the highest level first.

    What no letter spells stands in full behind a plus sign.
    """
    kind = matrix.kind_of(state)
    if required and matrix.read_cell(kind, required) == classes:
        return required
    fitting = [letter for letter in matrix.letters[kind] if letter.is_level and letter.classes <= classes]
    level = max(fitting, key=lambda letter: len(letter.classes))
    rest, cell = classes - level.classes, level.symbol
    for letter in matrix.letters[kind]:
        if not letter.is_level and letter.classes <= rest:
            rest, cell = rest - letter.classes, cell + letter.symbol
    return "+".join((cell, *sorted(rest)))


def write_tables(matrix: DisclosureMatrix, tables: MatrixTables) -> list[str]:
    """The tables as lines of Markdown that also read as plain text."""
    lines: list[str] = []
    for kind in _KINDS:
        states = matrix.columns[kind]
        shown = [row for row in tables.told if row.relation is Relation.ANYWHERE or row.tells_of(states)]
        body = [(*row.head, *(row.cells[state] for state in states)) for row in shown]
        lines += [f"### {_TITLES[kind]}", "", *_align((*_HEAD, *states), body), ""]
    told = []
    for row in tables.told:
        own = _list_own(tables, row)
        if own.told[RecordState.STANDING] or own.commands:
            told.append((*row.head, _name(matrix, own.told[RecordState.STANDING]), _name(matrix, own.commands)))
    lines += ["### Of what has no state of its own, and commands", ""]
    lines += [*_align((*_HEAD, "classes", "commands"), told), "", "### What a relation takes away", ""]
    states = (*matrix.columns[RecordKind.OUTCOME], *matrix.columns[RecordKind.OFFICER])
    taken = [(*row.head, *(row.cells[state] for state in states), _name(matrix, row.commands)) for row in tables.taken]
    return [*lines, *_align((*_HEAD, *states, "commands"), taken)] if taken else [*lines, "Nothing."]


def _list_own(tables: MatrixTables, row: TableRow) -> TableRow:
    """The row less what everyone of the role is told."""
    if row.relation is Relation.ANYWHERE:
        return row
    everyone = next(
        each
        for each in tables.told
        if (each.role, each.purpose, each.relation) == (row.role, row.purpose, Relation.ANYWHERE)
    )
    told = {state: names - everyone.told[state] for state, names in row.told.items()}
    return replace(row, told=MappingProxyType(told), commands=row.commands - everyone.commands)


def _name(matrix: DisclosureMatrix, classes: frozenset[str]) -> str:
    """The classes by name, whole sets by the name of the set."""
    names: list[str] = []
    for name, members in matrix.sets.items():
        if members <= classes:
            names.append(name)
            classes -= members
    return ", ".join((*names, *sorted(classes))) or "-"


def _align(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    ruled = [head, ["-" * width for width in widths], *rows]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in ruled)
    return [f"| {' | '.join(cells)} |" for cells in padded]
