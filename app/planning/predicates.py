"""From a predicate of the policy to a condition in SQL.

INVARIANT: the condition holds exactly where the predicate does; where nothing is allowed it is `false`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, FromClause, and_, false, not_, or_

from app.domain.vocabulary import Entity, RecordState, Relation
from app.planning.catalogue import TypeBinding
from app.planning.relations import be_in_states, has_meaning, list_states, relate
from app.policy.grant import Grant, Predicate
from app.policy.record_states import RecordStateTable

Cells = frozenset[tuple[Relation, RecordState]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredicateCompiler:
    """Turns predicates into conditions over a row, under one table of record states."""

    states: RecordStateTable

    def compile(
        self, predicate: Predicate, entity: Entity, row: FromClause, *, as_set: bool = False
    ) -> ColumnElement[bool]:
        """The condition that `predicate` holds for `row`; `as_set` where it shall drive a list."""
        allowed = self._reach(predicate.allow, entity, row, as_set=as_set)
        if not predicate.deny:
            return allowed
        return and_(allowed, not_(self._reach(predicate.deny, entity, row, as_set=False)))

    def _reach(self, cells: Cells, entity: Entity, row: FromClause, *, as_set: bool) -> ColumnElement[bool]:
        by_relation: dict[Relation, set[RecordState]] = defaultdict(set)
        for relation, state in keep_possible(cells, entity):
            by_relation[relation].add(state)
        by_states: dict[frozenset[RecordState], list[Relation]] = defaultdict(list)
        for relation, states in sorted(by_relation.items()):
            by_states[frozenset(states)].append(relation)
        return or_(
            false(),
            *(
                and_(
                    or_(*(relate(entity, relation, row, as_set=as_set) for relation in relations)),
                    be_in_states(entity, states, row, self.states),
                )
                for states, relations in sorted(by_states.items(), key=lambda item: sorted(item[0]))
            ),
        )


def keep_possible(cells: Cells, entity: Entity) -> Cells:
    """The cells that a row of `entity` can be in at all."""
    possible = list_states(entity)
    return frozenset(cell for cell in cells if cell[1] in possible and has_meaning(entity, cell[0]))


def unite(predicates: Iterable[Predicate]) -> tuple[Predicate, ...]:
    """Fewest predicates that hold where any of the given ones does: those with equal denials become one."""
    by_denial: dict[Cells, Cells] = {}
    for predicate in predicates:
        by_denial[predicate.deny] = by_denial.get(predicate.deny, frozenset()) | predicate.allow
    return tuple(
        Predicate(allow=allow, deny=deny) for deny, allow in sorted(by_denial.items(), key=lambda item: sorted(item[0]))
    )


def find_row_predicates(binding: TypeBinding, grant: Grant) -> tuple[Predicate, ...]:
    """Where a row of `binding` may be seen at all: where some field of it may."""
    readable = (grant.fields.get(f"{binding.name}.{name}") for name in binding.fields)
    return unite(predicate for predicate in readable if predicate is not None)


def covers(predicate: Predicate, rows: tuple[Predicate, ...], entity: Entity) -> bool:
    """Whether `predicate` holds wherever the row may be seen, so that no mask is needed."""
    if predicate.deny or any(each.deny for each in rows):
        return len(rows) == 1 and rows[0] == predicate
    seen = frozenset().union(*(keep_possible(each.allow, entity) for each in rows))
    return seen <= keep_possible(predicate.allow, entity)
