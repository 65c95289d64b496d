"""The disclosure matrix read naively, row by row, and the cells in which the policy is asked the same.

It shares nothing with the tabulation but the file's rows: what a row says is looked up for each cell anew.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import chain, combinations, product
from typing import TypeAlias

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.matrix import DisclosureMatrix, RecordKind

Cell: TypeAlias = tuple[Role, Purpose, frozenset[Relation], RecordState, str]

STATE_LAWS = frozenset(relation for relation in Relation if relation.startswith("in_state_"))
RELATIONS = tuple(relation for relation in Relation if relation not in STATE_LAWS)
OVERLAYS = (Relation.IN_STATE_NH, Relation.IN_STATE_CA)


def requires(matrix: DisclosureMatrix, cell: Cell) -> bool:
    """Whether some row tells it and no denial takes it away."""
    role, purpose, relations, state, name = cell
    held = relations | {Relation.ANYWHERE}
    denied = any(
        role in denial.roles
        and purpose in denial.purposes
        and not held.isdisjoint(denial.relations)
        and state in denial.states
        and name in denial.classes
        for denial in matrix.denials
    )
    return not denied and any(
        role in row.roles
        and purpose is row.purpose
        and not held.isdisjoint(row.relations)
        and name in list_told(matrix, row.cells.get(state, ""), state, row.standing | row.commands)
        for row in matrix.rows
    )


def list_told(matrix: DisclosureMatrix, cell: str, state: RecordState, standing: frozenset[str]) -> frozenset[str]:
    if state is RecordState.STANDING:
        return standing
    kind = next(kind for kind, states in matrix.columns.items() if state in states)
    letters = {letter.symbol: letter.classes for letter in matrix.letters[kind]}
    return frozenset().union(*(letters[symbol] for symbol in cell))


def action_of(matrix: DisclosureMatrix, name: str) -> Action:
    return {**matrix.commands, **matrix.counted}.get(name, Action.READ)


def list_classes(matrix: DisclosureMatrix) -> tuple[str, ...]:
    return (*chain.from_iterable(matrix.classes[kind] for kind in RecordKind), *matrix.commands)


def list_bound(matrix: DisclosureMatrix) -> list[tuple[Role, Purpose]]:
    """Every role with each purpose it has a row for."""
    return sorted({(role, row.purpose) for row in matrix.rows for role in row.roles})


def list_sets() -> list[frozenset[Relation]]:
    """Each relation, every pair of relations, and each pair with one's own record or a State's law on top."""
    singles = [frozenset({relation}) for relation in (*RELATIONS, *OVERLAYS)]
    pairs = [frozenset(pair) for pair in combinations((*RELATIONS, *OVERLAYS), 2)]
    topped = [frozenset({Relation.SELF, Relation.IN_STATE_NH, relation}) for relation in RELATIONS]
    return list(dict.fromkeys((*singles, *pairs, *topped)))


def list_cells(
    matrix: DisclosureMatrix, bound: Iterable[tuple[Role, Purpose]], sets: Iterable[frozenset[Relation]]
) -> Iterator[Cell]:
    """Every state and class for these roles, purposes and sets of relations."""
    for (role, purpose), relations, state, name in product(bound, sets, RecordState, list_classes(matrix)):
        yield role, purpose, relations, state, name


def list_unbound(matrix: DisclosureMatrix) -> Iterator[Cell]:
    """Every role for each purpose it has no row for, in no relation and in all that are never denied at once."""
    bound = list_bound(matrix)
    unbound = [pair for pair in product(Role, Purpose) if pair not in bound]
    everything = frozenset(RELATIONS) - {Relation.SELF}
    yield from list_cells(matrix, unbound, (frozenset(), everything))


def draw_cells(cells: Iterable[Cell], share: float, seed: int) -> Iterator[Cell]:
    """About this share of the cells, the same for the same seed."""
    draw = random.Random(seed)
    return (cell for cell in cells if draw.random() < share)
