"""The form of an invariant: a sentence, its source, and a search that yields every breach as a sentence.

A search looks at decisions, never at the wording of rules, unless the sentence is about rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import product
from typing import Final, NamedTuple, TypeAlias

from app.domain.vocabulary import DisputeState, Finality, HoldInForce, Lifecycle, OutcomeKind, RecordState, Relation
from app.policy.bundle import PolicyBundle
from app.policy.decided import Ask, DecisionTable, Verdict

Meaning: TypeAlias = Callable[[str, Relation], bool]
Place: TypeAlias = tuple[Ask, str, RecordState]


class Record(NamedTuple):
    """What decides the state of an outcome."""

    lifecycle: Lifecycle
    finality: Finality
    dispute: DisputeState
    hold: HoldInForce
    kind: OutcomeKind


ALL_RECORDS: Final = tuple(map(Record._make, product(Lifecycle, Finality, DisputeState, HoldInForce, OutcomeKind)))


class Scope(StrEnum):
    """What a search depends on: if it is unchanged, the search finds what it found before."""

    CELLS = "cells"
    ASKS = "asks"
    RULES = "rules"
    RECORDS = "records"
    FIELDS = "fields"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One verdict that allows something; `thing` is the class of the unit."""

    ask: Ask
    unit: str
    thing: str
    state: RecordState
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class View:
    """A policy as the searches see it, and where they have to look.

    `asks`, `focus` and `records` are everything, unless it is known that only those can differ from a policy that was
    searched before. `means(field, relation)` says whether rows behind a field can stand in a relation at all.
    """

    bundle: PolicyBundle
    table: DecisionTable
    asks: frozenset[Ask]
    means: Meaning
    focus: frozenset[Place] | None = None
    records: tuple[Record, ...] = ALL_RECORDS

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every verdict of the asks that allows something."""
        return tuple(
            self._show(ask, unit, state, verdict)
            for ask in sorted(self.asks & self.table.cells.keys())
            for unit, cells in sorted(self.table.cells[ask].items())
            for state, verdict in cells.items()
        )

    @cached_property
    def focused(self) -> tuple[Cell, ...]:
        """Those of them that can differ."""
        if self.focus is None:
            return self.cells
        found = ((*place, self.table.verdict_of(*place)) for place in sorted(self.focus))
        return tuple(self._show(*each) for each in found if each[3].allow)

    @cached_property
    def recorded(self) -> tuple[tuple[Record, RecordState], ...]:
        """The records to look at, with the state that the policy gives each."""
        table = self.bundle.record_states
        return tuple((record, table.state_of(*record)) for record in self.records)

    def _show(self, ask: Ask, unit: str, state: RecordState, verdict: Verdict) -> Cell:
        return Cell(ask=ask, unit=unit, thing=self.table.classes[unit], state=state, verdict=verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A counter-example: cells are told together with their like, anything else by its sentence."""

    cell: Cell | None = None
    relations: frozenset[Relation] = frozenset()
    sentence: str = ""


Search: TypeAlias = Callable[[View], Iterable[Breach]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """`sentence` is what must hold, `source` says where that is demanded."""

    id: str
    sentence: str
    source: str
    scope: Scope
    search: Search


def forbid_cells(number: str, sentence: str, source: str, *, bad: Callable[[Cell], bool]) -> Invariant:
    """The invariant that no verdict is such that `bad`."""

    def search(view: View) -> Iterator[Breach]:
        return (Breach(cell=cell, relations=cell.verdict.allow) for cell in view.focused if bad(cell))

    return Invariant(id=number, sentence=sentence, source=source, scope=Scope.CELLS, search=search)


def forbid_relations(
    number: str, sentence: str, source: str, *, bad: Callable[[Cell], frozenset[Relation]]
) -> Invariant:
    """The invariant that no verdict allows by one of the relations that `bad` gives for it."""

    def search(view: View) -> Iterator[Breach]:
        for cell in view.focused:
            if relations := bad(cell) & cell.verdict.allow:
                yield Breach(cell=cell, relations=relations)

    return Invariant(id=number, sentence=sentence, source=source, scope=Scope.CELLS, search=search)
