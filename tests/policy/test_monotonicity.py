"""Less permission never shows more: properties of the served policy changed at random, and of made-up policies.

Widening is judged on what a grant lets through for every set of relations, not on how its cells are written.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from itertools import combinations, product
from typing import TypeAlias

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.errors import PolicyRefused
from app.policy.bundle import PolicyBundle, load_bundle
from app.policy.engine import DecisionPoint
from app.policy.grant import tabulate_grant
from app.policy.groups import Groups
from app.policy.rules import PolicyRule

from .plain_casbin import PlainCasbin
from .policy_texts import SERVED, build_small_policy, with_denial, without_rules

Visible: TypeAlias = dict[str, frozenset[tuple[frozenset[Relation], RecordState]]]
Key: TypeAlias = tuple[Role, Purpose, Action]

BUNDLE = load_bundle(SERVED)
RULES = st.sampled_from(BUNDLE.rules)
PERMISSIONS = st.sampled_from([rule for rule in BUNDLE.rules if rule.effect is Effect.ALLOW])
# Those that rules name, and a State's whose law no rule speaks of.
RELATION_NAMES = sorted({rule.relation for rule in BUNDLE.rules} | {Relation.IN_STATE_WY})
RELATION_SETS = [frozenset(held) for size in range(3) for held in combinations(RELATION_NAMES, size)]
ACTIONS = tuple(Action)
SLOW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def list_keys(purposes: Set[Purpose] = frozenset(Purpose)) -> list[Key]:
    """Every role with each of its purposes among these, and every action."""
    return [(role, each, action) for role in Role for each in BUNDLE.purposes_of(role) & purposes for action in ACTIONS]


def list_visible(point: DecisionPoint, key: Key) -> Visible:
    """For every granted field, the sets of at most two relations and the states in which it is let through."""
    grant = tabulate_grant(point, *key)
    cells = {
        predicate: frozenset(
            (held, state)
            for held, state in product(RELATION_SETS, {state for _, state in predicate.allow})
            if predicate.holds(held, state)
        )
        for predicate in set(grant.fields.values())
    }
    return {name: cells[predicate] for name, predicate in grant.fields.items()}


def is_within(narrow: Visible, wide: Visible) -> bool:
    """Whether whatever `narrow` lets through, `wide` does."""
    return all(cells <= wide.get(name, frozenset()) for name, cells in narrow.items())


POINT = DecisionPoint(BUNDLE)
SEEN = {key: list_visible(POINT, key) for key in list_keys()}


@SLOW
@given(st.sets(PERMISSIONS.map(lambda rule: rule.id), min_size=1, max_size=30))
def test_without_some_permissions_nobody_sees_more(gone: Set[str]) -> None:
    poorer = DecisionPoint(without_rules(BUNDLE, gone))
    assert all(is_within(list_visible(poorer, key), SEEN[key]) for key in SEEN)


@SLOW
@given(RULES, st.sampled_from(RELATION_NAMES), st.sampled_from(RecordState).filter(lambda state: state != "expunged"))
def test_with_one_more_denial_nobody_sees_more(like: PolicyRule, relation: Relation, state: RecordState) -> None:
    denying = DecisionPoint(with_denial(BUNDLE, replace(like, relation=relation, states=str(state))))
    assert all(is_within(list_visible(denying, key), SEEN[key]) for key in SEEN)


@SLOW
@given(PERMISSIONS)
def test_a_denial_of_what_a_rule_says_takes_something_away_and_gives_nothing(rule: PolicyRule) -> None:
    denying = DecisionPoint(with_denial(BUNDLE, rule))
    seen = {key: list_visible(denying, key) for key in list_keys({rule.purpose})}
    assert all(is_within(seen[key], SEEN[key]) for key in seen)
    assert any(seen[key] != SEEN[key] for key in seen)


def test_with_one_more_permission_somebody_sees_more() -> None:
    # Were it not so, the comparisons above could not tell wider from equal.
    rule = next(rule for rule in BUNDLE.rules if rule.id == "HIR-07")
    wider = DecisionPoint(replace(BUNDLE, rules=(*BUNDLE.rules, replace(rule, id="WIDE-01", states="voided"))))
    widened = [key for key in SEEN if not is_within(list_visible(wider, key), SEEN[key])]
    assert widened == [(Role.HIRING_INVESTIGATOR, Purpose.HIRING, Action.READ)]


ROLES = (Role.OFFICER, Role.POST_OFFICER, Role.AUDITOR)
ROLE_NAMES = (*ROLES, "inner", "outer")
FIELDS = ("Alpha.one", "Alpha.two", "Beta.one", "Beta.two")
CLASS_NAMES = ("low", "middle", "high", "top")
STATES = (RecordState.NOTICE, RecordState.CLEARED, RecordState.SEALED)
STATE_NAMES = (*STATES, "some", "most")
RELATIONS = (Relation.ANYWHERE, Relation.SELF, Relation.OWN_AGENCY, Relation.EMPLOYEE)


def draw_links(draw: st.DrawFn, names: tuple[str, ...], leaves: int) -> Groups:
    """Links upwards in the order of `names`, so that no circle can arise; every group has a member that is a leaf."""
    certain = [(names[draw(st.integers(0, leaves - 1))], group) for group in names[leaves:]]
    pairs = [(low, names[i]) for i in range(leaves, len(names)) for low in names[:i]]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=6))
    return Groups(links=tuple((str(low), str(high)) for low, high in dict.fromkeys([*certain, *chosen])))


@st.composite
def draw_policies(draw: st.DrawFn) -> PolicyBundle:
    """Policies with groups within groups and denials among the permissions."""
    rules = draw(
        st.lists(
            st.builds(
                lambda role, relation, fields, states, effect: (str(role), relation, fields, str(states), effect),
                st.sampled_from(ROLE_NAMES),
                st.sampled_from(RELATIONS),
                st.sampled_from((*CLASS_NAMES, *FIELDS)),
                st.sampled_from(STATE_NAMES),
                st.sampled_from((Effect.ALLOW, Effect.ALLOW, Effect.DENY)),
            ),
            min_size=1,
            max_size=8,
            unique=True,
        )
    )
    classes = [(name, draw(st.sampled_from(CLASS_NAMES))) for name in FIELDS]
    wider = draw_links(draw, CLASS_NAMES, 1).links
    filled = [("Gamma.one", name) for name in CLASS_NAMES if name not in {group for _, group in (*classes, *wider)}]
    return replace(
        build_small_policy([]),
        rules=tuple(
            PolicyRule(
                role=role,
                relation=relation,
                fields=fields,
                states=states,
                purpose=Purpose.SELF,
                action=Action.READ,
                effect=effect,
                id=f"ANY-{number:02}",
                basis="none",
            )
            for number, (role, relation, fields, states, effect) in enumerate(rules)
        ),
        role_groups=draw_links(draw, ROLE_NAMES, len(ROLES)),
        field_classes=Groups(links=(*classes, *wider, *filled)),
        state_groups=draw_links(draw, STATE_NAMES, len(STATES)),
    )


def serve(bundle: PolicyBundle) -> DecisionPoint:
    """The decision point; policies that allow nothing in any sample are refused and drawn anew."""
    try:
        return DecisionPoint(bundle)
    except PolicyRefused as refusal:
        assert "allows nothing at all" in str(refusal)
        assume(False)
        raise


@SLOW
@given(draw_policies())
def test_of_any_policy_a_grant_says_what_casbin_enforces(bundle: PolicyBundle) -> None:
    point, oracle = serve(bundle), PlainCasbin(bundle)
    sets = [frozenset(held) for size in range(3) for held in combinations(RELATIONS[1:], size)]
    for role in ROLES:
        grant = tabulate_grant(point, role, Purpose.SELF, Action.READ)
        for field, held, state in product(FIELDS, sets, STATES):
            granted = field in grant.fields and grant.fields[field].holds(held, state)
            assert granted is oracle.enforce(role, held, field, state, Purpose.SELF, Action.READ)


@settings(parent=SLOW, max_examples=60)
@given(draw_policies(), st.data())
def test_of_any_policy_a_permission_less_shows_no_more(bundle: PolicyBundle, data: st.DataObject) -> None:
    permissions = [rule.id for rule in bundle.rules if rule.effect is Effect.ALLOW]
    assume(len(permissions) > 1)
    poorer = serve(without_rules(bundle, {data.draw(st.sampled_from(permissions))}))
    point = serve(bundle)
    for role in ROLES:
        key = (role, Purpose.SELF, Action.READ)
        assert is_within(list_visible(poorer, key), list_visible(point, key))
