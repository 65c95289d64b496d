"""Tabulated grants against Casbin's own answers, cell by cell; each run prints how many cells it compared.

Most cells of a policy are refusals, so the share of permissions among the compared ones is demanded too.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain, combinations, product
from typing import TypeAlias

import pytest

from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.policy.bundle import PolicyBundle
from app.policy.engine import DecisionPoint, DecisionRequest, Reason
from app.policy.grant import Grant, Predicate, tabulate_grant

from .plain_casbin import PlainCasbin
from .policy_texts import with_denial

Cell: TypeAlias = tuple[Role, frozenset[Relation], str, RecordState, Purpose, Action]

STATES = tuple(RecordState)
# Of the cells in which rules could speak: the quick profile compares this share, the long one all of them.
SHARE = 0.08
HIRING = frozenset({Relation.CANDIDATE_FULL})
BASIS: Cell = (
    Role.HIRING_INVESTIGATOR, HIRING, "Outcome.basis", RecordState.CLEARED, Purpose.HIRING, Action.READ,
)  # fmt: skip


def list_one_field_of_each_class(bundle: PolicyBundle) -> list[str]:
    return sorted({wider: name for name, wider in bundle.field_classes.links if "." in name}.values())


def list_known(bundle: PolicyBundle) -> list[Relation]:
    """The relations that rules name, and a State's whose law no rule speaks of."""
    return sorted({rule.relation for rule in bundle.rules} | {Relation.IN_STATE_WY})


def list_bound(point: DecisionPoint) -> list[tuple[Role, Purpose, Action]]:
    """Every role with the purposes and actions that some rule binds it to."""
    return sorted({(role, r.purpose, r.action) for r in point.rules for role in point.roles_of(r)})


def list_own_cells(point: DecisionPoint, fields: Iterable[str]) -> Iterable[Cell]:
    """Every cell in which some rule could speak, and for each role one relation that none of its rules knows."""
    for role, purpose, action in list_bound(point):
        known = {rule.relation for rule in point.rules if role in point.roles_of(rule) and rule.purpose is purpose}
        foreign = min(set(Relation) - known)
        for relation, field, state in product(sorted(known | {foreign}), fields, STATES):
            yield role, frozenset({relation}), field, state, purpose, action


def draw_cells(bundle: PolicyBundle, number: int, seed: int) -> Iterable[Cell]:
    """Cells from everywhere, with no, one, two or three relations."""
    draw = random.Random(seed)
    fields, known = sorted(bundle.leaf_fields), list_known(bundle)
    for _ in range(number):
        relations = frozenset(draw.sample(known, draw.randint(0, 3)))
        yield (
            draw.choice(tuple(Role)), relations, draw.choice(fields), draw.choice(STATES),
            draw.choice(tuple(Purpose)), draw.choice(tuple(Action)),
        )  # fmt: skip


def draw_own_cells(point: DecisionPoint, number: int, seed: int) -> Iterable[Cell]:
    """Cells of roles under purposes of theirs, with two or three relations at once; every other one fits some rule."""
    draw = random.Random(seed)
    fields, known = sorted(point.bundle.leaf_fields), list_known(point.bundle)
    for turn in range(number):
        rule = draw.choice(point.rules)
        relations = frozenset(draw.sample(known, 2))
        field, state = draw.choice(fields), draw.choice(STATES)
        if turn % 2:
            relations |= {rule.relation}
            field, state = draw.choice(point.fields_of(rule)), draw.choice(point.states_of(rule))
        yield draw.choice(point.roles_of(rule)), relations, field, state, rule.purpose, rule.action


def pick_telling(point: DecisionPoint, cells: Iterable[Cell], share: float, seed: int) -> Iterable[Cell]:
    """This share of the cells, and all in which the grant has a word to say; which those are decides nothing."""
    draw, grants = random.Random(seed), cache(tabulate_grant)
    for cell in cells:
        role, relations, field, state, purpose, action = cell
        predicate = grants(point, role, purpose, action).fields.get(field)
        spoken = predicate is not None and any((each, state) in predicate.allow for each in relations)
        if spoken or draw.random() < share:
            yield cell


def find_differences(
    point: DecisionPoint, cells: Iterable[Cell], *, read: Callable[[Grant], Grant] = lambda grant: grant
) -> tuple[list[Cell], int, int]:
    """Cells where grant and Casbin differ, the number of cells compared and of those that Casbin allows."""
    oracle, grants = PlainCasbin(point.bundle), cache(tabulate_grant)
    differences, compared, allowed = [], 0, 0
    for role, relations, field, state, purpose, action in cells:
        predicate = read(grants(point, role, purpose, action)).fields.get(field)
        granted = predicate is not None and predicate.holds(relations, state)
        enforced = oracle.enforce(role, relations, field, state, purpose, action)
        if granted is not enforced:
            differences.append((role, relations, field, state, purpose, action))
        compared += 1
        allowed += enforced
    return differences, compared, allowed


def test_on_every_class_and_state_a_grant_says_what_casbin_enforces(point: DecisionPoint) -> None:
    everything = list_own_cells(point, list_one_field_of_each_class(point.bundle))
    cells = pick_telling(point, everything, SHARE, seed=11)
    differences, compared, allowed = find_differences(point, cells)
    print(f"\n{compared} cells compared, {allowed} of them allowed")
    assert differences == []
    assert compared > 10_000
    assert allowed > 400


def test_with_several_relations_at_once_a_grant_says_what_casbin_enforces(point: DecisionPoint) -> None:
    cells = chain(draw_own_cells(point, 1_500, seed=1), draw_cells(point.bundle, 1_000, seed=2))
    differences, compared, allowed = find_differences(point, cells)
    print(f"\n{compared} cells compared, {allowed} of them allowed")
    assert differences == []
    assert allowed > 100


def test_with_denials_a_grant_says_what_casbin_enforces(point: DecisionPoint) -> None:
    rule = next(rule for rule in point.rules if rule.id == "POST-14")
    denying = DecisionPoint(with_denial(point.bundle, rule))
    cells = [
        (Role.POST_OFFICER, frozenset(relations), field, state, Purpose.CERTIFICATION, Action.READ)
        for size in range(3)
        for relations in combinations((Relation.OWN_STATE, Relation.CERTIFICANT, Relation.EMPLOYEE), size)
        for field, state in product(list_one_field_of_each_class(point.bundle), STATES)
    ]
    cells = list(pick_telling(point, cells, SHARE, seed=12))
    differences, _, allowed = find_differences(denying, cells)
    assert differences == []
    assert 0 < allowed < find_differences(point, cells)[2]


@pytest.mark.long
def test_on_every_role_purpose_and_field_a_grant_says_what_casbin_enforces(point: DecisionPoint) -> None:
    everywhere = product(
        Role,
        [frozenset({relation}) for relation in Relation],
        list_one_field_of_each_class(point.bundle),
        STATES,
        Purpose,
        [Action.READ],
    )
    every_field = list_own_cells(point, sorted(point.bundle.leaf_fields))
    differences, compared, allowed = find_differences(
        point, chain(everywhere, every_field, draw_own_cells(point, 100_000, seed=3))
    )
    print(f"\n{compared} cells compared, {allowed} of them allowed")
    assert differences == []
    assert compared > 700_000


def test_a_grant_that_forgets_one_state_would_be_caught(point: DecisionPoint) -> None:
    def forget(grant: Grant) -> Grant:
        kept = {
            name: Predicate(allow=frozenset(cell for cell in each.allow if cell[1] is not RecordState.NO_FINDING))
            for name, each in grant.fields.items()
        }
        return Grant(
            role=grant.role,
            purpose=grant.purpose,
            action=grant.action,
            policy_digest=grant.policy_digest,
            fields=kept,
        )

    cells = [(*BASIS[:2], "Outcome.kind", state, *BASIS[4:]) for state in STATES]
    assert find_differences(point, cells)[0] == []
    assert [cell[3] for cell in find_differences(point, cells, read=forget)[0]] == [RecordState.NO_FINDING]


def test_the_decision_point_answers_as_casbin_does(point: DecisionPoint) -> None:
    oracle = PlainCasbin(point.bundle)
    cells = [*draw_own_cells(point, 700, seed=4), *draw_cells(point.bundle, 300, seed=5), BASIS]
    reasons = set()
    for role, relations, field, state, purpose, action in cells:
        decision = point.decide(
            DecisionRequest(role=role, relations=relations, field=field, state=state, purpose=purpose, action=action)
        )
        assert decision.allowed is oracle.enforce(role, relations, field, state, purpose, action)
        reasons.add(decision.reason)
    assert reasons == {Reason.ALLOWED, Reason.NO_RULE, Reason.DENIED_BY_RULE}
