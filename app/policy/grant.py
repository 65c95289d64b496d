"""A grant: which fields a role may use for a purpose, and under which relations and record states.

It is tabulated from what Casbin holds and says exactly what Casbin would; a field that is not in it does not exist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.policy.engine import DecisionPoint

Cell: TypeAlias = tuple[Relation, RecordState]
GrantKey: TypeAlias = tuple[bytes, Role, Purpose, Action]


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """Where a field may be used: some relation held is allowed in the record's state, and none held is denied in it.

    `Relation.ANYWHERE` is held of every record.
    """

    allow: frozenset[Cell]
    deny: frozenset[Cell] = frozenset()

    def holds(self, relations: Set[Relation], state: RecordState) -> bool:
        """Whether it holds of a record in `state` to which the principal stands in `relations`."""
        cells = {(relation, state) for relation in relations} | {(Relation.ANYWHERE, state)}
        return not self.allow.isdisjoint(cells) and self.deny.isdisjoint(cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one role may do with fields (`Type.field`) for one purpose, by one action, under one policy."""

    role: Role
    purpose: Purpose
    action: Action
    policy_digest: bytes
    fields: Mapping[str, Predicate] = field(hash=False)

    @property
    def key(self) -> GrantKey:
        """What the grant is known by: equal keys mean equal grants."""
        return (self.policy_digest, self.role, self.purpose, self.action)

    def readable(self, name: str) -> bool:
        """Whether the field can be allowed of any record at all; if not, it is not in the role's contract."""
        return name in self.fields


def tabulate_grant(point: DecisionPoint, role: Role, purpose: Purpose, action: Action) -> Grant:
    """The grant that the decision point's rules make; fields that are allowed of no record are left out."""
    allowed: dict[str, set[Cell]] = defaultdict(set)
    denied: dict[str, set[Cell]] = defaultdict(set)
    for rule in point.rules:
        if rule.purpose is not purpose or rule.action is not action or role not in point.roles_of(rule):
            continue
        cells = {(rule.relation, state) for state in point.states_of(rule)}
        table = allowed if rule.effect is Effect.ALLOW else denied
        for name in point.fields_of(rule):
            table[name] |= cells
    predicates = {name: simplify_predicate(cells, denied.get(name, ())) for name, cells in sorted(allowed.items())}
    return Grant(
        role=role,
        purpose=purpose,
        action=action,
        policy_digest=point.bundle.digest,
        fields=MappingProxyType({name: predicate for name, predicate in predicates.items() if predicate.allow}),
    )


def simplify_predicate(allow: Iterable[Cell], deny: Iterable[Cell]) -> Predicate:
    """The predicate of these cells without those that change nothing; it allows no cell if it can never hold.

    As everyone stands `anywhere`, a denial there empties its state, and a permission there outdoes the others.
    """
    allow, deny = frozenset(allow), frozenset(deny)
    emptied = {state for relation, state in deny if relation is Relation.ANYWHERE}
    possible = frozenset(cell for cell in allow - deny if cell[1] not in emptied)
    open_to_all = {state for relation, state in possible if relation is Relation.ANYWHERE}
    kept = frozenset(cell for cell in possible if cell[0] is Relation.ANYWHERE or cell[1] not in open_to_all)
    states = {state for _, state in kept}
    return Predicate(allow=kept, deny=frozenset(cell for cell in deny if cell[1] in states))
