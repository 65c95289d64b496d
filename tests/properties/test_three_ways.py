"""Casbin, the compiled statement alone and the database alone agree on every cell of a registry drawn at random.

The statement runs where there is no row security, the database is read by bare columns; Casbin is asked class by class.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from app.domain.vocabulary import Action, Entity, Purpose, RecordState, Relation, Role
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import Login
from tests.properties.drawn_registry import READERS, DrawnRegistry, open_drawn
from tests.properties.stored_standing import POSSIBLE, list_possible_states
from tests.properties.three_ways import Findings, ThreeWays, compare_columns
from tests.properties.whole_tables import list_hanging_fields, list_judged_types

FEWEST = {"shown": 10_000, "hidden": 200_000, "columns let through": 10_000, "columns kept back": 100_000}
MORE_SEEDS, MORE_OUTCOMES = (1, 2, 3), 1_200
Met = tuple[Role, Purpose, Entity, Relation, RecordState]
# Relations that one person can stand in at once, each of which some role of the policy must have met.
TOGETHER = [
    {Relation.SELF, Relation.OWN_AGENCY},
    {Relation.SELF, Relation.OWN_STATE},
    {Relation.SELF, Relation.CERTIFICANT},
    {Relation.SELF, Relation.ASSIGNED},
    {Relation.SELF, Relation.BREAK_GLASS},
    {Relation.SELF, Relation.CANDIDATE_FULL},
    {Relation.SELF, Relation.CANDIDATE_LIMITED},
    {Relation.SELF, Relation.EMPLOYEE},
    {Relation.CANDIDATE_FULL, Relation.CANDIDATE_LIMITED},
    {Relation.CANDIDATE_FULL, Relation.IN_STATE_NH},
    {Relation.CANDIDATE_FULL, Relation.OWN_AGENCY},
    {Relation.EMPLOYEE, Relation.IN_STATE_NH},
    {Relation.EMPLOYEE, Relation.OWN_AGENCY},
    {Relation.CERTIFICANT, Relation.OWN_STATE},
    {Relation.CERTIFICANT, Relation.ASSIGNED},
    {Relation.OWN_STATE, Relation.ASSIGNED},
    {Relation.SELF, Relation.CANDIDATE_FULL, Relation.EMPLOYEE, Relation.IN_STATE_NH},
    {Relation.SELF, Relation.CERTIFICANT, Relation.OWN_STATE, Relation.ASSIGNED},
]


def list_named(registry: DrawnRegistry) -> set[Met]:
    """Every role, purpose, entity, relation and state that some rule about rows speaks of."""
    judged: dict[str, set[Entity]] = {}
    for binding in list_judged_types(registry.catalogue):
        for name in list_hanging_fields(registry.catalogue, binding):
            judged.setdefault(name, set()).add(binding.entity or Entity.JURISDICTION)
    point, pairs = registry.policy.point, set(registry.policy.list_pairs())
    found: set[Met] = set()
    for rule in point.rules:
        if rule.action is not Action.READ:
            continue
        entities = {entity for name in point.fields_of(rule) for entity in judged.get(name, ())}
        for role, entity, state in product(point.roles_of(rule), entities, point.states_of(rule)):
            possible = POSSIBLE.get(entity, frozenset()) | {Relation.ANYWHERE}
            # A denial may speak of more purposes than a role is bound to: in those it has nothing to forbid.
            if (role, rule.purpose) not in pairs:
                continue
            if state in list_possible_states(entity) and rule.relation in possible:
                found.add((role, rule.purpose, entity, rule.relation, state))
    return found


@pytest.fixture(scope="module")
def ways(drawn: DrawnRegistry) -> Iterator[ThreeWays]:
    """One comparison over all askers."""
    yield ThreeWays(drawn)


@pytest.mark.parametrize("role", Role)
async def test_every_cell_comes_out_the_same_three_ways(role: Role, drawn: DrawnRegistry, ways: ThreeWays) -> None:
    before = ways.findings.counts.total()
    for asker in drawn.askers:
        if asker.role is role:
            await ways.compare(asker)
    assert ways.findings.differences == []
    assert ways.findings.counts.total() > before


async def test_values_are_compared_with_those_that_are_stored(drawn: DrawnRegistry, ways: ThreeWays) -> None:
    compared = await ways.compare_stored_values()
    assert ways.findings.differences == []
    print(f"\nvalues compared with the tables: {compared}")
    assert compared > 5_000


def require_width(findings: Findings, registry: DrawnRegistry) -> None:
    """Demand that nothing the policy names was left out, and say how much there was."""
    counts = dict(findings.counts)
    print(f"\ncells asked three ways: {counts}, Casbin itself asked {registry.witness.asked} times")
    named = list_named(registry)
    missed = [" ".join(each) for each in sorted(named - findings.met)]
    print(f"role, purpose, entity, relation and state named by the policy: {len(named)}, met by no row: {missed}")
    assert missed == []
    for wanted in TOGETHER:
        assert any(wanted <= relations for _, relations in findings.together), wanted
    assert all(counts[name] > fewest for name, fewest in FEWEST.items())


def test_what_the_policy_names_was_met_and_the_cells_were_many(drawn: DrawnRegistry, ways: ThreeWays) -> None:
    require_width(ways.findings, drawn)


@pytest.mark.parametrize("login", [each for each in READERS if each is not Login.PUBLIC])
async def test_a_login_is_granted_the_columns_of_its_roles_and_no_other(login: Login, drawn: DrawnRegistry) -> None:
    assert await compare_columns(drawn, login) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", MORE_SEEDS)
async def test_every_cell_of_a_larger_registry_comes_out_the_same_three_ways(
    seed: int, cluster: EmbeddedCluster, settings: Settings, template: str
) -> None:
    async with open_drawn(cluster, settings, template, seed=seed, more=MORE_OUTCOMES) as registry:
        ways = ThreeWays(registry)
        for asker in registry.askers:
            await ways.compare(asker)
        assert ways.findings.differences == []
        require_width(ways.findings, registry)
