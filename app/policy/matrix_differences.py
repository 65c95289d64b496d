"""Where two tabulations differ, each difference as the smallest set of relations that shows it.

Equal predicates are told apart by nothing, so comparing them compares every set of relations at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.grant import Predicate
from app.policy.matrix import Key, Tabulation

_NOTHING: Final = Predicate(allow=frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One cell: `name` is a class, or a class and the field of it that differs; `required` says what should be."""

    role: Role
    purpose: Purpose
    action: Action
    name: str
    relations: frozenset[Relation]
    state: RecordState
    required: bool

    @property
    def sentence(self) -> str:
        """The difference in words of the policy."""
        standing = " and ".join(sorted(self.relations)) or str(Relation.ANYWHERE)
        record = "" if self.state is RecordState.STANDING else f" of a record in state {self.state}"
        way, must = ("NARROWER", "does not, and must,") if self.required else ("WIDER", "does, and must not,")
        return f"{way}: {self.role} for {self.purpose}, standing {standing}: {must} {self.action} {self.name}{record}"


def find_differences(required: Tabulation, decided: Tabulation) -> tuple[Difference, ...]:
    """Every cell, by the fewest relations, that `decided` has otherwise than `required`."""
    return tuple(
        difference
        for key in sorted(required.keys() | decided.keys())
        for difference in _compare(key, required.get(key, {}), decided.get(key, {}))
    )


def _compare(key: Key, required: Mapping[str, Predicate], decided: Mapping[str, Predicate]) -> Iterator[Difference]:
    split = {name.partition(" ")[0] for name in decided if " " in name}
    for name in sorted((required.keys() - split) | decided.keys()):
        must, does = required.get(name.partition(" ")[0], _NOTHING), decided.get(name, _NOTHING)
        if must != does:
            role, purpose, action = key
            for relations, state in _list_smallest(must, does):
                yield Difference(
                    role=role,
                    purpose=purpose,
                    action=action,
                    name=name,
                    relations=relations,
                    state=state,
                    required=must.holds(relations, state),
                )


def _list_smallest(one: Predicate, other: Predicate) -> Iterator[tuple[frozenset[Relation], RecordState]]:
    """The sets of at most two relations that tell the predicates apart, less those that contain another of them.

    Two suffice: a predicate that holds of a set holds of one of its permissions beside any one of its denials.
    """
    cells = one.allow | one.deny | other.allow | other.deny
    for state in sorted({state for _, state in cells}):
        relations = sorted({relation for relation, where in cells if where is state} - {Relation.ANYWHERE})
        found: list[frozenset[Relation]] = []
        for held in (frozenset(each) for size in range(3) for each in combinations(relations, size)):
            if not any(smaller <= held for smaller in found) and one.holds(held, state) is not other.holds(held, state):
                found.append(held)
        yield from ((held, state) for held in found)
