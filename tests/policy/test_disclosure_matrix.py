"""The disclosure matrix against the policy, cell by cell: neither may say more or less than the other.

What no row speaks of must be withheld. Each comparison says how many cells it made, and shows that it can fail.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.policy.bundle import PolicyBundle
from app.policy.engine import DecisionPoint, DecisionRequest, Reason
from app.policy.grant import Predicate, simplify_predicate, tabulate_grant
from app.policy.groups import is_field
from app.policy.matrix import DisclosureMatrix, RecordKind, Tabulation, tabulate_decisions, tabulate_requirement
from app.policy.matrix_differences import Difference, find_differences
from app.policy.matrix_reading import load_matrix
from app.policy.rules import PolicyRule

from .matrix_cells import (
    RELATIONS,
    STATE_LAWS,
    Cell,
    action_of,
    draw_cells,
    list_bound,
    list_cells,
    list_classes,
    list_sets,
    list_unbound,
    requires,
)
from .policy_texts import SERVED, without_rules

MATRIX = load_matrix(SERVED)
REQUIRED = tabulate_requirement(MATRIX)
SINGLES = [frozenset({relation}) for relation in RELATIONS]


@pytest.fixture(scope="module")
def decided(point: DecisionPoint) -> Tabulation:
    """What the served policy decides."""
    return tabulate_decisions(point)


def list_fields(bundle: PolicyBundle) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for name, wider in bundle.field_classes.links:
        if is_field(name):
            fields.setdefault(wider, []).append(name)
    return fields


def compare_with_casbin(point: DecisionPoint, cells: Iterable[Cell], seed: int) -> tuple[list[Cell], Counter[Reason]]:
    """Cells that Casbin decides otherwise than the matrix requires, and how often it gave which reason.

    Each cell asks for one field of its class, drawn anew.
    """
    draw, fields = random.Random(seed), list_fields(point.bundle)
    wrong, reasons = [], Counter[Reason]()
    for cell in cells:
        role, purpose, relations, state, name = cell
        decision = point.decide(
            DecisionRequest(
                role=role,
                relations=relations,
                field=draw.choice(fields[name]),
                state=state,
                purpose=purpose,
                action=action_of(MATRIX, name),
            )
        )
        reasons[decision.reason] += 1
        if decision.allowed is not requires(MATRIX, cell):
            wrong.append(cell)
    return wrong, reasons


def test_the_policy_decides_exactly_what_the_matrix_requires(decided: Tabulation) -> None:
    assert [difference.sentence for difference in find_differences(REQUIRED, decided)] == []


def test_the_matrix_and_the_policy_know_the_same_classes(bundle: PolicyBundle) -> None:
    assert set(list_classes(MATRIX)) == set(list_fields(bundle))


def test_every_cell_of_the_tabulated_grants_is_what_the_matrix_requires(point: DecisionPoint) -> None:
    fields = list_fields(point.bundle)
    compared = allowed = 0
    for role, purpose in list_bound(MATRIX):
        grants = {action: tabulate_grant(point, role, purpose, action) for action in Action}
        for cell in list_cells(MATRIX, [(role, purpose)], SINGLES):
            _, _, relations, state, name = cell
            expected = requires(MATRIX, cell)
            for action in {Action.READ, action_of(MATRIX, name)}:
                must = expected and action is action_of(MATRIX, name)
                predicates = {grants[action].fields.get(field) for field in fields[name]}
                assert {predicate is not None and predicate.holds(relations, state) for predicate in predicates} == {
                    must
                }
                compared += 1
                allowed += must
    print(f"\n{compared} cells of grants compared, {allowed} of them told")
    assert compared > 100_000
    assert allowed > 1_000


def test_casbin_decides_what_the_matrix_requires_for_a_share_of_all_cells(point: DecisionPoint) -> None:
    bound = list_bound(MATRIX)
    told = [cell for cell in list_cells(MATRIX, bound, SINGLES) if requires(MATRIX, cell)]
    taken = [
        (role, purpose, relations | {Relation.SELF}, state, name)
        for role, purpose, relations, state, name in told
        if Relation.SELF not in relations and state is not RecordState.STANDING
    ]
    drawn = draw_cells(list_cells(MATRIX, bound, list_sets()), 0.006, seed=5)
    elsewhere = draw_cells(list_unbound(MATRIX), 0.01, seed=6)
    cells = [*draw_cells(told, 0.45, seed=7), *draw_cells(taken, 0.4, seed=8), *drawn, *elsewhere]
    wrong, reasons = compare_with_casbin(point, cells, seed=9)
    print(f"\n{reasons.total()} cells asked of Casbin: {dict(reasons)}")
    assert wrong == []
    assert reasons.total() > 10_000
    assert reasons[Reason.ALLOWED] > 1_000
    assert reasons[Reason.DENIED_BY_RULE] > 200
    assert reasons[Reason.FAULT] == 0


@pytest.mark.long
def test_casbin_decides_what_the_matrix_requires_in_every_cell(point: DecisionPoint) -> None:
    cells = chain(list_cells(MATRIX, list_bound(MATRIX), list_sets()), list_unbound(MATRIX))
    wrong, reasons = compare_with_casbin(point, cells, seed=10)
    print(f"\n{reasons.total()} cells asked of Casbin: {dict(reasons)}")
    assert wrong == []
    assert reasons.total() > 1_000_000
    assert reasons[Reason.FAULT] == 0


def test_the_tabulated_matrix_says_what_its_rows_say() -> None:
    compared = 0
    for cell in draw_cells(list_cells(MATRIX, list_bound(MATRIX), list_sets()), 0.05, seed=11):
        role, purpose, relations, state, name = cell
        predicate = REQUIRED.get((role, purpose, action_of(MATRIX, name)), {}).get(name)
        assert (predicate is not None and predicate.holds(relations, state)) is requires(MATRIX, cell)
        compared += 1
    assert compared > 20_000


# --- What the matrix covers


def test_the_matrix_speaks_of_every_role_and_of_every_relation() -> None:
    rows = [relation for row in MATRIX.rows for relation in row.relations]
    assert {role for row in MATRIX.rows for role in row.roles} == set(Role)
    assert {row.purpose for row in MATRIX.rows} == set(Purpose)
    assert set(rows) == set(RELATIONS)
    assert {relation for denial in MATRIX.denials for relation in denial.relations} <= {*STATE_LAWS, Relation.SELF}


def test_every_role_and_purpose_has_a_row_for_every_state_of_everyones_records() -> None:
    everyone = [row for row in MATRIX.rows if Relation.ANYWHERE in row.relations]
    assert sorted((role, row.purpose) for row in everyone for role in row.roles) == list_bound(MATRIX)
    states = {state for states in MATRIX.columns.values() for state in states}
    assert states == set(RecordState) - {RecordState.STANDING}
    assert all(row.cells.keys() == states for row in everyone)


def test_every_letter_is_used_and_no_two_levels_that_tell_anything_are_the_same() -> None:
    for kind, letters in MATRIX.letters.items():
        cells = {
            symbol for row in MATRIX.rows for state, cell in row.cells.items() if MATRIX.kind_of(state) is kind
            for symbol in cell
        }  # fmt: skip
        assert cells == {letter.symbol for letter in letters}
        told = [letter.classes for letter in letters if letter.classes]
        assert len(set(told)) == len(told)
        assert frozenset().union(*told) == set(MATRIX.classes[kind])


def test_metadata_is_required_where_a_standing_class_tells_it_and_nowhere_else() -> None:
    metadata = {"audit_event", "compliance_record", "credential_record", "eligibility_record"}
    of_letter = [row for row in MATRIX.rows if "M" in row.cells.values()]
    assert {role for row in of_letter for role in row.roles} == {
        Role.DOJ_GRANTS, Role.CREDENTIALING_BODY, Role.AUDITOR,
    }  # fmt: skip
    assert all(row.standing & metadata for row in of_letter)


def test_every_row_names_its_source() -> None:
    assert all(row.source and row.who for row in MATRIX.rows)
    assert all(denial.source and denial.who for denial in MATRIX.denials)


# --- That the comparison can fail


def spoil_cells(matrix: DisclosureMatrix) -> Iterable[tuple[str, DisclosureMatrix]]:
    """The matrix with one cell written otherwise, for every cell and a few other levels."""
    for number, row in enumerate(matrix.rows):
        if row.relations == (Relation.SELF,) and not {Role.OFFICER, Role.OFFICER_REP} & set(row.roles):
            # Of a person's record, whatever stood here a denial would take away.
            continue
        for state, cell in row.cells.items():
            letters = matrix.letters[matrix.kind_of(state)]
            for other in [letter.symbol for letter in letters if letter.is_level]:
                if matrix.read_cell(matrix.kind_of(state), other) == matrix.read_cell(matrix.kind_of(state), cell):
                    continue
                spoilt = replace(row, cells={**row.cells, state: other})
                rows = (*matrix.rows[:number], spoilt, *matrix.rows[number + 1 :])
                yield f"{row.who}: {state} {cell} as {other}", replace(matrix, rows=rows)


def spoil_lists(matrix: DisclosureMatrix) -> Iterable[tuple[str, DisclosureMatrix]]:
    """The matrix without one standing class or command of a row, with one more, or without one denial's relation."""
    others: tuple[tuple[Any, ...], tuple[Any, ...]]
    for number, row in enumerate(matrix.rows):
        others = (matrix.rows[:number], matrix.rows[number + 1 :])
        for name in sorted(row.standing):
            spoilt = replace(row, standing=row.standing - {name})
            yield f"{row.who} without {name}", replace(matrix, rows=(*others[0], spoilt, *others[1]))
        for name in sorted(row.commands):
            spoilt = replace(row, commands=row.commands - {name})
            yield f"{row.who} without {name}", replace(matrix, rows=(*others[0], spoilt, *others[1]))
        spoilt = replace(row, standing=row.standing | {"disclosure_record", "consent_record"})
        if "consent_record" not in row.standing:
            yield f"{row.who} with more", replace(matrix, rows=(*others[0], spoilt, *others[1]))
    for number, denial in enumerate(matrix.denials):
        others = (matrix.denials[:number], matrix.denials[number + 1 :])
        yield f"{denial.who} not denied", replace(matrix, denials=(*others[0], *others[1]))
        for state in denial.states if len(denial.states) < len(RecordState) else ():
            spoilt_denial = replace(denial, states=tuple(each for each in denial.states if each is not state))
            denials = (*others[0], spoilt_denial, *others[1])
            yield f"{denial.who} but in {state}", replace(matrix, denials=denials)


def test_a_wrong_cell_of_the_matrix_is_noticed_wherever_it_stands() -> None:
    tried, unnoticed = 0, []
    for spoilt, matrix in chain(spoil_cells(MATRIX), spoil_lists(MATRIX)):
        tried += 1
        if not find_differences(tabulate_requirement(matrix), REQUIRED):
            unnoticed.append(spoilt)
    print(f"\n{tried} wrong cells planted in the matrix")
    assert unnoticed == []
    assert tried > 1_000


def find_by(point: DecisionPoint, fits: Callable[[PolicyRule], bool]) -> PolicyRule:
    return next(rule for rule in point.rules if fits(rule))


def of_detail(rule: PolicyRule) -> bool:
    return rule.fields == "outcome_detail" and rule.effect is Effect.ALLOW and rule.relation is not Relation.SELF


def put(bundle: PolicyBundle, rule: PolicyRule, **changed: object) -> PolicyBundle:
    """The policy with one rule changed in place."""
    spoilt = replace(rule, **changed)  # type: ignore[arg-type]
    return replace(bundle, rules=tuple(spoilt if each.id == rule.id else each for each in bundle.rules))


@pytest.mark.parametrize(
    ("changed", "wider", "narrower"),
    [
        ({"relation": Relation.ANYWHERE}, True, False),
        ({"states": RecordState.SEALED}, True, True),
        ({"fields": "outcome_existence"}, False, True),
        ({"purpose": Purpose.STATISTICS}, True, True),
        ({"role": Role.PUBLIC}, True, True),
        ({"action": Action.AGGREGATE}, True, True),
        ({"fields": "Outcome.basis"}, False, True),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_a_line_of_policy_that_is_wrong_in_one_word_is_noticed(
    point: DecisionPoint, changed: dict[str, object], wider: bool, narrower: bool
) -> None:
    rule = find_by(point, lambda rule: of_detail(rule) and rule.states == RecordState.CLEARED)
    spoilt = DecisionPoint(put(point.bundle, rule, **changed))
    differences = find_differences(REQUIRED, tabulate_decisions(spoilt))
    found = {difference.sentence.split(":")[0] for difference in differences}
    assert found == {way for way, there in (("WIDER", wider), ("NARROWER", narrower)) if there}
    assert all(confirm(spoilt, difference) for difference in differences)


def confirm(point: DecisionPoint, difference: Difference) -> bool:
    """Whether Casbin, asked the very cell of a difference, decides otherwise than is required."""
    name, _, field = difference.name.partition(" ")
    decision = point.decide(
        DecisionRequest(
            role=difference.role,
            relations=difference.relations,
            field=field or list_fields(point.bundle)[name][0],
            state=difference.state,
            purpose=difference.purpose,
            action=difference.action,
        )
    )
    return decision.allowed is not difference.required


def test_a_denial_that_is_gone_is_noticed_with_the_relation_it_was_for(point: DecisionPoint) -> None:
    gone = [rule for rule in point.rules if rule.effect is Effect.DENY and rule.purpose is Purpose.HIRING]
    assert {rule.relation for rule in gone} == {Relation.SELF, Relation.IN_STATE_NH}
    for rule in gone:
        spoilt = DecisionPoint(without_rules(point.bundle, {rule.id}))
        differences = find_differences(REQUIRED, tabulate_decisions(spoilt))
        assert differences
        assert all(rule.relation in each.relations and not each.required for each in differences)


def test_a_line_that_is_gone_is_noticed_by_casbin_as_well(point: DecisionPoint) -> None:
    rule = find_by(point, lambda rule: of_detail(rule) and rule.purpose is Purpose.HIRING)
    cells = [
        cell
        for cell in list_cells(MATRIX, [(Role.HIRING_INVESTIGATOR, Purpose.HIRING)], [frozenset({rule.relation})])
        if cell[3] is RecordState.CLEARED
    ]
    assert compare_with_casbin(point, cells, seed=1)[0] == []
    wrong, _ = compare_with_casbin(DecisionPoint(without_rules(point.bundle, {rule.id})), cells, seed=1)
    assert "outcome_detail" in {cell[4] for cell in wrong}


@pytest.mark.long
def test_no_line_of_the_policy_can_go_unnoticed(point: DecisionPoint) -> None:
    unnoticed = [
        rule.id
        for rule in point.rules
        if not find_differences(REQUIRED, tabulate_decisions(DecisionPoint(without_rules(point.bundle, {rule.id}))))
    ]
    assert unnoticed == []


FEW = (Relation.ANYWHERE, Relation.SELF, Relation.OWN_AGENCY, Relation.EMPLOYEE)
CELLS = st.frozensets(st.tuples(st.sampled_from(FEW), st.sampled_from((RecordState.CLEARED, RecordState.SEALED))))
SETS = [frozenset(held) for size in range(4) for held in combinations(FEW[1:], size)]


@settings(deadline=None, max_examples=400)
@given(CELLS, CELLS, CELLS, CELLS)
def test_simplified_predicates_are_equal_exactly_if_no_set_of_relations_tells_them_apart(
    allow: frozenset[tuple[Relation, RecordState]],
    deny: frozenset[tuple[Relation, RecordState]],
    other_allow: frozenset[tuple[Relation, RecordState]],
    other_deny: frozenset[tuple[Relation, RecordState]],
) -> None:
    one, other = simplify_predicate(allow, deny), simplify_predicate(other_allow, other_deny)
    apart = {
        (held, state)
        for held in SETS
        for state in (RecordState.CLEARED, RecordState.SEALED)
        if Predicate(allow=allow, deny=deny).holds(held, state)
        is not Predicate(allow=other_allow, deny=other_deny).holds(held, state)
    }
    assert (one == other) is (not apart)
    key = (Role.OFFICER, Purpose.SELF, Action.READ)
    found = find_differences({key: {"outcome_detail": one}}, {key: {"outcome_detail": other}})
    shown = {(each.relations, each.state) for each in found}
    assert shown <= apart
    # Every set that tells them apart is there, or contains one that is.
    assert all(any(held >= smaller for smaller, where in shown if where is state) for held, state in apart)


def test_the_kinds_of_records_have_states_of_their_own() -> None:
    assert MATRIX.kind_of(RecordState.CLEARED) is RecordKind.OUTCOME
    assert MATRIX.kind_of(RecordState.UNLISTED) is RecordKind.OFFICER
    assert MATRIX.kind_of(RecordState.STANDING) is RecordKind.STANDING
