"""Predicates, grants and the cache of grants."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.engine import DecisionPoint
from app.policy.grant import Cell, Predicate, simplify_predicate, tabulate_grant

from .policy_texts import build_small_policy

RELATIONS = (Relation.ANYWHERE, Relation.SELF, Relation.OWN_AGENCY, Relation.EMPLOYEE)
STATES = (RecordState.CLEARED, RecordState.NOTICE, RecordState.SEALED)
CELLS: st.SearchStrategy[frozenset[Cell]] = st.frozensets(
    st.tuples(st.sampled_from(RELATIONS), st.sampled_from(STATES))
)


def test_one_relation_of_several_is_enough() -> None:
    predicate = Predicate(allow=frozenset({(Relation.SELF, RecordState.CLEARED)}))
    assert predicate.holds(frozenset({Relation.EMPLOYEE, Relation.SELF}), RecordState.CLEARED)
    assert not predicate.holds(frozenset({Relation.EMPLOYEE}), RecordState.CLEARED)
    assert not predicate.holds(frozenset({Relation.SELF}), RecordState.NOTICE)


def test_one_denial_outweighs_every_permission() -> None:
    predicate = Predicate(
        allow=frozenset({(Relation.SELF, RecordState.CLEARED), (Relation.EMPLOYEE, RecordState.CLEARED)}),
        deny=frozenset({(Relation.OWN_AGENCY, RecordState.CLEARED)}),
    )
    assert predicate.holds(frozenset({Relation.SELF, Relation.EMPLOYEE}), RecordState.CLEARED)
    assert not predicate.holds(frozenset({Relation.SELF, Relation.EMPLOYEE, Relation.OWN_AGENCY}), RecordState.CLEARED)


def test_everyone_stands_anywhere_without_saying_so() -> None:
    assert Predicate(allow=frozenset({(Relation.ANYWHERE, RecordState.CLEARED)})).holds(
        frozenset(), RecordState.CLEARED
    )


@given(allow=CELLS, deny=CELLS, relations=st.frozensets(st.sampled_from(RELATIONS)), state=st.sampled_from(STATES))
def test_a_simplified_predicate_holds_exactly_where_the_full_one_does(
    allow: frozenset[Cell], deny: frozenset[Cell], relations: frozenset[Relation], state: RecordState
) -> None:
    simple = simplify_predicate(allow, deny)
    assert simple.holds(relations, state) is Predicate(allow=allow, deny=deny).holds(relations, state)


@given(allow=CELLS, deny=CELLS)
def test_a_simplified_predicate_allows_a_cell_only_if_it_can_ever_hold(
    allow: frozenset[Cell], deny: frozenset[Cell]
) -> None:
    simple = simplify_predicate(allow, deny)
    assert all(simple.holds(frozenset({relation}), state) for relation, state in simple.allow)


def test_a_role_without_rules_for_a_purpose_is_granted_nothing(point: DecisionPoint) -> None:
    assert tabulate_grant(point, Role.HIRING_INVESTIGATOR, Purpose.RECORDS, Action.READ).fields == {}
    assert tabulate_grant(point, Role.DOJ_ANALYST, Purpose.STATISTICS, Action.GRANT).fields == {}


def test_a_field_that_is_denied_wherever_it_is_allowed_is_not_in_the_grant() -> None:
    point = DecisionPoint(
        build_small_policy(
            [
                "p, officer, self, detail, cleared, self, read, allow, OK-01, none",
                "p, officer, anywhere, Outcome.basis, cleared, self, read, deny, NO-01, none",
            ]
        )
    )
    grant = tabulate_grant(point, Role.OFFICER, Purpose.SELF, Action.READ)
    assert grant.readable("Outcome.kind")
    assert not grant.readable("Outcome.basis")


def test_fields_of_one_class_share_one_predicate(point: DecisionPoint) -> None:
    grant = tabulate_grant(point, Role.HIRING_INVESTIGATOR, Purpose.HIRING, Action.READ)
    assert grant.fields["Outcome.basis"] == grant.fields["Outcome.standardOfProof"]
    assert len(set(grant.fields.values())) < 10


def test_a_grant_cannot_be_widened_afterwards(point: DecisionPoint) -> None:
    grant = tabulate_grant(point, Role.PUBLIC, Purpose.PUBLIC, Action.READ)
    with pytest.raises(TypeError):
        grant.fields["Officer.familyName"] = Predicate(allow=frozenset())  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        grant.role = Role.OFFICER  # type: ignore[misc]


def test_a_grant_is_known_by_policy_role_purpose_and_action(point: DecisionPoint) -> None:
    grant = tabulate_grant(point, Role.OFFICER, Purpose.SELF, Action.READ)
    assert grant.key == (point.bundle.digest, Role.OFFICER, Purpose.SELF, Action.READ)
    assert len({grant, tabulate_grant(point, Role.OFFICER, Purpose.SELF, Action.READ)}) == 1
