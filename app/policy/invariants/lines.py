"""What must be true of the rules themselves: none is idle, and a denial forbids what it seems to forbid.

A denial that forbids nothing is the most dangerous line of all: it is read as protection and protects nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from app.domain.relation import STATE_RELATIONS
from app.domain.vocabulary import Effect, RecordState, Relation
from app.policy.decided import Ask, Reach, resolve_reach
from app.policy.invariants.form import Breach, Invariant, Scope, View
from app.policy.rules import PolicyRule

# A denial whose legal basis says so may forbid what nothing allows yet.
_MARK: Final = "as a precaution"


def _resolve(view: View) -> Reach:
    return resolve_reach(view.bundle, view.table.classes)


def _list_cells(reach: Reach, rule: PolicyRule) -> Iterator[tuple[Ask, str, RecordState]]:
    for ask in reach.list_asks(rule):
        for unit in reach.units.get(rule.fields, ()):
            for state in reach.states.get(rule.states, ()):
                yield ask, unit, state


def _find_idle_denials(view: View) -> Iterator[Breach]:
    reach = _resolve(view)
    allowed = {cell for rule in view.bundle.rules if rule.effect is Effect.ALLOW for cell in _list_cells(reach, rule)}
    for rule in view.bundle.rules:
        if (
            rule.effect is Effect.DENY
            and not rule.basis.endswith(_MARK)
            and allowed.isdisjoint(_list_cells(reach, rule))
        ):
            yield Breach(sentence=f"rule {rule.id} forbids nothing that any rule allows")


def _find_meaningless_denials(view: View) -> Iterator[Breach]:
    """Denials by a relation in which rows behind a field can never stand, where something is allowed of the field."""
    empty: dict[Relation, set[str]] = defaultdict(set)
    for cell in view.cells:
        for relation in cell.verdict.unless:
            for name in view.table.units[cell.unit]:
                if not view.means(name, relation):
                    empty[relation].add(name)
    for relation, names in sorted(empty.items()):
        yield Breach(
            sentence=f"a rule denies {' '.join(sorted(names))} by {relation}, in which those records cannot stand"
        )


def _find_idle_permissions(view: View) -> Iterator[Breach]:
    reach = _resolve(view)
    for rule in view.bundle.rules:
        if rule.effect is Effect.ALLOW and not any(_tells(view, rule, cell) for cell in _list_cells(reach, rule)):
            yield Breach(sentence=f"rule {rule.id} tells nobody anything that no other rule tells")


def _tells(view: View, rule: PolicyRule, cell: tuple[Ask, str, RecordState]) -> bool:
    """Whether a permission counts in a cell, and a record behind it can stand in its relation."""
    name = view.table.units[cell[1]][0]
    return rule.relation in view.table.verdict_of(*cell).allow and view.means(name, rule.relation)


def _find_state_permissions(view: View) -> Iterator[Breach]:
    for rule in view.bundle.rules:
        if rule.effect is Effect.ALLOW and rule.relation in STATE_RELATIONS:
            yield Breach(sentence=f"rule {rule.id} allows by the State of a record")


INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant(
        id="LINE-01",
        sentence=f"a denial forbids something that a rule allows, or its basis ends in the words {_MARK}",
        source="access.md section 1, guards",
        scope=Scope.RULES,
        search=_find_idle_denials,
    ),
    Invariant(
        id="LINE-02",
        sentence="a denial rests on a relation in which the records it speaks of can stand",
        source="docs/decisions/0005; access.md section 2",
        scope=Scope.ASKS,
        search=_find_meaningless_denials,
    ),
    Invariant(
        id="LINE-03",
        sentence="a permission tells somebody something of a record that can stand in its relation",
        source="docs/policy-tools.md",
        scope=Scope.RULES,
        search=_find_idle_permissions,
    ),
    Invariant(
        id="LINE-04",
        sentence="a State overlay only forbids: without its lines the policy is at least as wide",
        source="access.md section 1, overlays",
        scope=Scope.RULES,
        search=_find_state_permissions,
    ),
)
