"""Many cells in few words: sets of combinations folded into products, and sets of fields into classes.

What is folded can always be unfolded to exactly the same cells; nothing is left out to be shorter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeAlias

from app.domain.vocabulary import DisputeState, Finality, HoldInForce, Lifecycle, OutcomeKind, RecordState
from app.policy.decided import DecisionTable

Product: TypeAlias = tuple[frozenset[str], ...]
Combination: TypeAlias = tuple[str, ...]
AXES: tuple[type[StrEnum], ...] = (Lifecycle, Finality, DisputeState, HoldInForce, OutcomeKind)


def fold_products(combinations: Iterable[Combination]) -> tuple[Product, ...]:
    """Products of sets that together are exactly these combinations; which ones depends on the set alone."""
    # Axis by axis from the last one: what lies before it are still words, what lies behind it already sets of them.
    products: set[tuple[Any, ...]] = set(combinations)
    width = len(next(iter(products), ()))
    for axis in reversed(range(width)):
        joined: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for product in products:
            joined[product[:axis] + product[axis + 1 :]].add(product[axis])
        products = {(*rest[:axis], frozenset(words), *rest[axis:]) for rest, words in joined.items()}
    return tuple(sorted(products, key=lambda each: [sorted(words) for words in each]))


def order_states(states: Iterable[str]) -> tuple[str, ...]:
    """Record states in the order of the vocabulary."""
    wanted = frozenset(states)
    return tuple(str(state) for state in RecordState if state in wanted)


def name_combinations(product: Product) -> str:
    """Combinations of the axes of an outcome in the form of a row of `record_states.csv`, the state left out."""
    cells = []
    for words, axis in zip(product, AXES, strict=True):
        cells.append("any" if len(words) == len(axis) else " ".join(str(word) for word in axis if word in words))
    return ", ".join(cells)


def name_fields(fields: Collection[str], tables: Sequence[DecisionTable]) -> str:
    """Fields by the names of their classes; a class that is not complete is said with the fields that are meant.

    The first table that knows a field says its class.
    """
    by_class: dict[str, set[str]] = defaultdict(set)
    for name in fields:
        by_class[_find_class(name, tables)].add(name)
    return ", ".join(_name_class(thing, by_class[thing], tables) for thing in sorted(by_class))


def _find_class(name: str, tables: Sequence[DecisionTable]) -> str:
    return next(table.classes[table.unit_of[name]] for table in tables if name in table.unit_of)


def _name_class(thing: str, fields: Collection[str], tables: Sequence[DecisionTable]) -> str:
    whole = next((members for table in tables if (members := list_class(table).get(thing))), frozenset())
    if whole == frozenset(fields):
        return thing
    return f"{' '.join(sorted(fields))} (of {thing})"


def list_class(table: DecisionTable) -> Mapping[str, frozenset[str]]:
    """The fields of every class."""
    members: dict[str, frozenset[str]] = defaultdict(frozenset)
    for unit, names in table.units.items():
        members[table.classes[unit]] |= frozenset(names)
    return members


def join_words(words: Sequence[str]) -> str:
    """Words as a list in a sentence."""
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"
