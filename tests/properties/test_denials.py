"""Predicates with denials against brute force: what needs no mask, what is united, what is asked in SQL.

Every set of relations that can matter is tried; a predicate that forbids more or less anywhere is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.vocabulary import Entity, RecordState, Relation
from app.errors import PolicyRefused
from app.planning import predicates
from app.planning.predicates import PredicateCompiler, covers, keep_possible, unite
from app.planning.relations import has_meaning, list_states
from app.policy.grant import Predicate, simplify_predicate
from app.policy.record_states import RecordStateTable
from app.storage.tables import outcomes, people

# Few enough that all sets of them can be tried: one that holds of all, two that meet, a law, one without a meaning.
RELATIONS = (Relation.ANYWHERE, Relation.OWN_AGENCY, Relation.SELF, Relation.IN_STATE_NH, Relation.APPLICANT)
STATES = (RecordState.CLEARED, RecordState.SEALED, RecordState.DRAFT, RecordState.LISTED, RecordState.UNLISTED)
CELLS = st.frozensets(st.tuples(st.sampled_from(RELATIONS), st.sampled_from(STATES)), max_size=6)
PREDICATES = st.builds(lambda allow, deny: Predicate(allow=allow, deny=deny), CELLS, CELLS)
TABULATED = st.builds(simplify_predicate, CELLS, CELLS)
ENTITIES = st.sampled_from((Entity.OUTCOME, Entity.OFFICER))
SOME = settings(max_examples=400, deadline=None, derandomize=True, report_multiple_bugs=False)


def list_situations(entity: Entity) -> Iterator[tuple[frozenset[Relation], RecordState]]:
    """Every set of relations and every state that a row of an entity can be in."""
    possible = [each for each in RELATIONS if each is not Relation.ANYWHERE and has_meaning(entity, each)]
    sets = [frozenset(held) for size in range(len(possible) + 1) for held in combinations(possible, size)]
    yield from product(sets, sorted(set(STATES) & list_states(entity)))


def find_uncovered(predicate: Predicate, rows: Iterable[Predicate], entity: Entity) -> list[object]:
    """Situations in which a row may be seen and the predicate does not hold."""
    rows = tuple(rows)
    return [
        situation
        for situation in list_situations(entity)
        if any(row.holds(*situation) for row in rows) and not predicate.holds(*situation)
    ]


@SOME
@given(st.one_of(PREDICATES, TABULATED), st.lists(st.one_of(PREDICATES, TABULATED), max_size=4), ENTITIES)
def test_a_field_without_a_mask_may_be_seen_wherever_its_row_may(
    predicate: Predicate, fields: list[Predicate], entity: Entity
) -> None:
    rows = unite([*fields, predicate])
    if covers(predicate, rows, entity):
        assert find_uncovered(predicate, rows, entity) == []


@SOME
@given(PREDICATES, st.lists(PREDICATES, max_size=4), ENTITIES)
def test_what_covers_arbitrary_rows_holds_wherever_one_of_them_does(
    predicate: Predicate, rows: list[Predicate], entity: Entity
) -> None:
    # Rows that allow no more than the predicate are seldom drawn, so they are made of those that are.
    near = [Predicate(allow=row.allow & predicate.allow, deny=row.deny) for row in rows]
    alike = [Predicate(allow=predicate.allow, deny=row.deny & predicate.deny) for row in rows]
    for tried in (rows, near, alike):
        if covers(predicate, tuple(tried), entity):
            assert find_uncovered(predicate, tried, entity) == []


@SOME
@given(TABULATED, ENTITIES)
def test_a_predicate_covers_itself_and_a_denial_more_uncovers_it(predicate: Predicate, entity: Entity) -> None:
    """Were masks left out nowhere, the property before would hold of nothing: they are left out where that is right."""
    assert covers(predicate, (predicate,), entity)
    alive = [
        state
        for state in sorted(set(STATES) & list_states(entity))
        if predicate.holds({Relation.SELF, Relation.OWN_AGENCY}, state)
    ]
    assume(alive)
    narrowed = Predicate(allow=predicate.allow, deny=predicate.deny | {(Relation.SELF, alive[0])})
    assert find_uncovered(narrowed, (predicate,), entity)
    assert not covers(narrowed, (predicate,), entity)
    assert covers(predicate, (narrowed,), entity)


@SOME
@given(st.lists(st.one_of(PREDICATES, TABULATED), max_size=5), ENTITIES)
def test_united_predicates_hold_exactly_where_one_of_them_did(given_ones: list[Predicate], entity: Entity) -> None:
    united = unite(given_ones)
    for situation in list_situations(entity):
        assert any(each.holds(*situation) for each in united) is any(each.holds(*situation) for each in given_ones)


def test_predicates_that_forbid_alike_become_one() -> None:
    own = {(Relation.OWN_AGENCY, RecordState.CLEARED)}
    anyone = {(Relation.ANYWHERE, RecordState.CLEARED)}
    deny = frozenset({(Relation.SELF, RecordState.CLEARED)})
    alike = [Predicate(allow=frozenset(each), deny=deny) for each in (own, anyone)]
    assert len(unite(alike)) == 1
    assert len(unite([alike[0], Predicate(allow=frozenset(anyone))])) == 2
    assert unite([]) == ()


@SOME
@given(TABULATED, ENTITIES)
def test_only_possible_cells_decide(predicate: Predicate, entity: Entity) -> None:
    kept = Predicate(allow=keep_possible(predicate.allow, entity), deny=keep_possible(predicate.deny, entity))
    for situation in list_situations(entity):
        assert kept.holds(*situation) is predicate.holds(*situation)


@SOME
@given(TABULATED, ENTITIES)
def test_a_denial_in_sql_is_asked_or_refused_and_never_forgotten(predicate: Predicate, entity: Entity) -> None:
    """Whatever denial could forbid a row of the entity is in the condition; one that could forbid none is refused."""
    table = outcomes.SERIES if entity is Entity.OUTCOME else people.OFFICERS
    compiler = PredicateCompiler(states=RecordStateTable(rows=()))
    idle = [cell for cell in predicate.deny if cell[1] in list_states(entity) and not has_meaning(entity, cell[0])]
    if idle:
        with pytest.raises(PolicyRefused):
            compiler.compile(predicate, entity, table.alias("t"))
        return
    text = str(compiler.compile(predicate, entity, table.alias("t")))
    assert ("NOT" in text) is bool(keep_possible(predicate.deny, entity))


@pytest.mark.parametrize(
    ("name", "faulty"),
    [
        ("forgets denials", lambda predicate, rows, _: all(row.allow <= predicate.allow for row in rows)),
        ("compares denials alone", lambda predicate, rows, _: all(predicate.deny <= row.deny for row in rows)),
        (
            "takes denials the wrong way round",
            lambda predicate, rows, _: all(row.allow <= predicate.allow and row.deny <= predicate.deny for row in rows),
        ),
    ],
)
def test_a_covering_that_is_wrong_would_be_found(name: str, faulty: object) -> None:
    with pytest.MonkeyPatch.context() as patched, pytest.raises(AssertionError):
        patched.setitem(globals(), "covers", faulty)
        test_what_covers_arbitrary_rows_holds_wherever_one_of_them_does()
    assert predicates.covers is covers, name


def test_a_union_that_forgets_denials_would_be_found() -> None:
    def faulty(given_ones: Iterable[Predicate]) -> tuple[Predicate, ...]:
        return (Predicate(allow=frozenset().union(*(each.allow for each in given_ones))),)

    with pytest.MonkeyPatch.context() as patched, pytest.raises(AssertionError):
        patched.setitem(globals(), "unite", faulty)
        test_united_predicates_hold_exactly_where_one_of_them_did()
