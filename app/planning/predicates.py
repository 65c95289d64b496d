"""From a predicate of the policy to a condition in SQL.

INVARIANT: the condition holds exactly where the predicate does; where nothing is allowed it is `false`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, false, func, not_, or_

from app.domain.vocabulary import Entity, RecordState, Relation
from app.errors import PolicyRefused
from app.planning.catalogue import TypeBinding
from app.planning.condition_texts import ConditionTexts
from app.planning.relations import ask_apart, be_in_states, has_meaning, list_states, relate, tell_state
from app.policy.grant import Grant, Predicate
from app.policy.record_states import RecordStateTable

Cells = frozenset[tuple[Relation, RecordState]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredicateCompiler:
    """Turns predicates into conditions over a row, under one table of record states.

    `many` is for statements over whole tables (`be_in_states`).
    """

    states: RecordStateTable
    many: bool = False
    # Where a verified context stands in the statement: the texts of conditions, each written once for all plans.
    written: ConditionTexts | None = None

    def compile(
        self,
        predicate: Predicate,
        entity: Entity,
        row: FromClause,
        *,
        as_set: bool = False,
        state: ColumnElement[Any] | None = None,
    ) -> ColumnElement[bool]:
        """The condition that `predicate` holds for `row`; `as_set` where it shall drive a list.

        `state` is the row's state where the statement has it already.
        """
        if self.written is not None and not self.many:
            return self.written.find(
                (predicate, entity, as_set), row, state, partial(self._build, predicate, entity, as_set=as_set)
            )
        return self._build(predicate, entity, row, state, as_set=as_set)

    def _build(
        self, predicate: Predicate, entity: Entity, row: FromClause, state: ColumnElement[Any] | None, *, as_set: bool
    ) -> ColumnElement[bool]:
        allowed = self._reach(predicate.allow, entity, row, as_set=as_set, told=state)
        _refuse_idle_denials(predicate, entity)
        condition = allowed
        if keep_possible(predicate.deny, entity):
            # A denial that cannot be told (no agency to compare with) does not hold, as in the policy itself.
            denied = func.coalesce(self._reach(predicate.deny, entity, row, as_set=False, told=state), false())
            condition = and_(allowed, not_(denied))
        return ask_apart(condition) if self.many else condition

    def list_relations(self, predicates: Iterable[Predicate], entity: Entity) -> list[Relation]:
        """The relations of which every row that any of `predicates` allows stands in one."""
        cells = keep_possible(frozenset(cell for each in predicates for cell in each.allow), entity)
        return sorted({relation for relation, _ in cells})

    def drive(self, relation: Relation, entity: Entity, row: FromClause) -> ColumnElement[bool]:
        """The relation in the form that drives a list."""
        return relate(entity, relation, row, as_set=True)

    def tell_state(self, entity: Entity, row: FromClause, hold: str) -> Select[Any] | None:
        """One row with the state of `row`; none where all rows of the entity are in one."""
        return tell_state(entity, row, self.states, hold)

    def _reach(
        self, cells: Cells, entity: Entity, row: FromClause, *, as_set: bool, told: ColumnElement[Any] | None
    ) -> ColumnElement[bool]:
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
                    # The state first: it is known, where a relation may have to be looked up.
                    be_in_states(entity, states, row, self.states, many=self.many, told=told),
                    or_(*(relate(entity, relation, row, as_set=as_set) for relation in relations)),
                )
                for states, relations in sorted(by_states.items(), key=lambda item: sorted(item[0]))
            ),
        )


def _refuse_idle_denials(predicate: Predicate, entity: Entity) -> None:
    """INVARIANT: a denial by a relation in which rows of `entity` cannot stand forbids nothing, so it is refused."""
    possible = list_states(entity)
    idle = sorted({relation for relation, state in predicate.deny if state in possible})
    for relation in idle:
        if not has_meaning(entity, relation):
            raise PolicyRefused(
                f"a rule denies by {relation}, in which no {entity} can stand; deny classes of other records with it"
            )


def keep_possible(cells: Cells, entity: Entity) -> Cells:
    """The cells that a row of `entity` can be in at all."""
    possible = list_states(entity)
    return frozenset(cell for cell in cells if cell[1] in possible and has_meaning(entity, cell[0]))


def unite(predicates: Iterable[Predicate]) -> tuple[Predicate, ...]:
    """Few predicates that hold exactly where any of the given ones does: those that forbid the same become one."""
    united: list[Predicate] = []
    for predicate in sorted(set(predicates), key=lambda each: (sorted(each.allow), sorted(each.deny))):
        for place, other in enumerate(united):
            if _forbid_alike(predicate, other):
                united[place] = Predicate(allow=other.allow | predicate.allow, deny=other.deny | predicate.deny)
                break
        else:
            united.append(predicate)
    return tuple(united)


def _forbid_alike(one: Predicate, other: Predicate) -> bool:
    """Whether their union forbids each of them nothing more: a row is in one state, so each state counts by itself."""
    return _keep_states(one.deny, other) <= other.deny and _keep_states(other.deny, one) <= one.deny


def _keep_states(cells: Cells, predicate: Predicate) -> Cells:
    """The cells in states in which `predicate` allows anything; its denials in others change nothing."""
    states = {state for _, state in predicate.allow}
    return frozenset(cell for cell in cells if cell[1] in states)


def find_row_predicates(binding: TypeBinding, grant: Grant) -> tuple[Predicate, ...]:
    """Where a row of `binding` may be seen at all: where some field of it may."""
    readable = (grant.fields.get(f"{binding.name}.{name}") for name in binding.fields)
    return unite(predicate for predicate in readable if predicate is not None)


def covers(predicate: Predicate, rows: tuple[Predicate, ...], entity: Entity) -> bool:
    """Whether `predicate` holds wherever one of `rows` does, so that no mask is needed.

    Each of them must allow no cell that `predicate` does not, and forbid, in the states it allows, what that forbids.
    """
    allowed, forbidden = keep_possible(predicate.allow, entity), keep_possible(predicate.deny, entity)
    return all(
        (seen := keep_possible(row.allow, entity)) <= allowed
        and frozenset(cell for cell in forbidden if cell[1] in {state for _, state in seen})
        <= keep_possible(row.deny, entity)
        for row in rows
    )
