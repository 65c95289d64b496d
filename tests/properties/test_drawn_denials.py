"""Denials drawn at random into the served policy: the compiled statements still show what Casbin allows, cell by cell.

The served policy denies whole persons; these denials take single classes out of single states, which needs masks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from itertools import product
from random import Random

import pytest
import pytest_asyncio

from app.answering.served_policy import serve_policy
from app.domain.vocabulary import Action, Effect, Purpose, RecordState, Relation, Role
from app.policy.engine import DecisionPoint
from app.policy.rules import PolicyRule
from tests.properties.drawn_askers import DrawnAsker
from tests.properties.drawn_registry import DrawnRegistry
from tests.properties.planted_faults import COMPILER_FAULTS, change, plant
from tests.properties.stored_standing import Witness
from tests.properties.three_ways import ThreeWays

TYPES = ("Officer", "Outcome", "Stint")
ASKING = (
    (Role.HIRING_INVESTIGATOR, Purpose.HIRING),
    (Role.RECORDS_OFFICER, Purpose.RECORDS),
    (Role.POST_OFFICER, Purpose.CERTIFICATION),
    (Role.DOJ_ADJUDICATOR, Purpose.ADJUDICATION),
    (Role.OFFICER, Purpose.SELF),
)
RELATIONS = (
    Relation.ANYWHERE,
    Relation.OWN_AGENCY,
    Relation.OWN_STATE,
    Relation.SELF,
    Relation.CANDIDATE_LIMITED,
    Relation.EMPLOYEE,
    Relation.CERTIFICANT,
    Relation.ASSIGNED,
    Relation.IN_STATE_NH,
    Relation.IN_STATE_WA,
)
DENIALS = 12
LONG_SEEDS = range(100, 112)


def draw_denials(seed: int, registry: DrawnRegistry) -> Iterator[PolicyRule]:
    """For each of those who ask some denials of single classes about persons, in single states."""
    random, bundle = Random(seed), registry.policy.point.bundle
    names = [name for name in bundle.leaf_fields if name.partition(".")[0] in {*TYPES, "Certification", "Hold"}]
    classes = sorted({bundle.class_of(name) for name in names})
    states = [state for state in RecordState if state is not RecordState.STANDING]
    for number, (role, purpose) in enumerate(ASKING):
        cells = random.sample(list(product(RELATIONS, classes, states)), DENIALS)
        for place, (relation, fields, state) in enumerate(cells):
            yield PolicyRule(
                role=str(role),
                relation=relation,
                fields=fields,
                states=str(state),
                purpose=purpose,
                action=Action.READ,
                effect=Effect.DENY,
                id=f"DRAWN-{number}{place}",
                basis="drawn",
            )


def deny_more(seed: int, registry: DrawnRegistry) -> DrawnRegistry:
    """The same registry under the policy with more denials; the digest stays, for no file says them."""
    bundle = registry.policy.point.bundle
    point = DecisionPoint(replace(bundle, rules=(*bundle.rules, *draw_denials(seed, registry))))
    served = registry.policy
    policy = serve_policy(point, served.schema, served.planner)
    return replace(registry, policy=policy, witness=Witness(registry.facts, point))


def list_asking(registry: DrawnRegistry) -> list[DrawnAsker]:
    """One asker of each role."""
    return [next(each for each in registry.askers if (each.role, each.purpose) == wanted) for wanted in ASKING]


async def compare(ways: ThreeWays, registry: DrawnRegistry) -> ThreeWays:
    """Everything about persons that those who ask are shown by the compiled statements, against Casbin."""
    for asker, name in product(list_asking(registry), TYPES):
        await ways.compare_plan(asker, registry.stand(asker), registry.catalogue.types[name])
    return ways


async def require_agreement(seed: int, drawn: DrawnRegistry, served: ThreeWays) -> None:
    """Under more denials no difference, and fewer cells than under the served policy."""
    denying = deny_more(seed, drawn)
    ways = await compare(served.begin_anew(under=denying), denying)
    assert ways.findings.differences == []
    shown, before = ways.findings.counts["shown"], served.findings.counts["shown"]
    print(f"\ncells that {DENIALS * len(ASKING)} denials took away: {before - shown} of {before}")
    assert 0 < shown < before - 100


@pytest_asyncio.fixture(scope="module")
async def served(drawn: DrawnRegistry) -> AsyncIterator[ThreeWays]:
    """The same comparison under the served policy, where every login may ask the gate about every relation."""
    functions = "EXECUTE ON ALL FUNCTIONS IN SCHEMA gate"
    async with change(drawn.bare_truth, f"GRANT {functions} TO PUBLIC", f"REVOKE {functions} FROM PUBLIC"):
        yield await compare(ThreeWays(drawn), drawn)


@pytest.mark.parametrize("seed", range(2))
async def test_denials_of_single_classes_are_carried_out(seed: int, drawn: DrawnRegistry, served: ThreeWays) -> None:
    await require_agreement(seed, drawn, served)


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
async def test_more_denials_of_single_classes_are_carried_out(
    seed: int, drawn: DrawnRegistry, served: ThreeWays
) -> None:
    await require_agreement(seed, drawn, served)


@pytest.mark.parametrize("fault", ["masks are decided without denials", "rows are decided without denials"])
async def test_a_mask_or_a_row_decided_without_denials_is_found(
    fault: str, drawn: DrawnRegistry, served: ThreeWays
) -> None:
    denying = deny_more(0, drawn)
    with plant(COMPILER_FAULTS[fault]):
        ways = await compare(served.begin_anew(under=denying), denying)
    assert ways.findings.differences
