"""The test of the tests: a fault in how questions become answers is found by questions drawn at random.

The copy without row security is asked: what the compiler forgets is not to be made up for by the other wall.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from app.domain.vocabulary import Role
from app.planning.planner import Planner
from app.storage.pools import Pools, open_pools
from tests.properties.differential import Differential
from tests.properties.drawn_registry import DrawnRegistry
from tests.properties.planted_answer_faults import FAULTS, Fault, plant

MOST_QUESTIONS = 40
# In the quick profile those that few questions find.
QUICK = frozenset(
    {
        "a page begins with the row of its cursor", "a comparison with nothing holds", "equal rows have no order",
        "named fragments are dropped", "directives are ignored", "a plan serves other variables",
        "a count is of hidden rows too", "a filter over rows looks at hidden ones", "a moment shows how it stands now",
        "a node asked for twice is told once",
    }
)  # fmt: skip
EACH_FAULT = [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in FAULTS]
SOUND_QUESTIONS = 12


@pytest_asyncio.fixture(scope="module")
async def bare_pools(drawn: DrawnRegistry) -> AsyncIterator[Pools]:
    """Connections to the copy that has no row security."""
    async with open_pools(drawn.bare_addresses, size=1) as pools:
        yield pools


async def find_difference(registry: DrawnRegistry, pools: Pools, fault: Fault, most: int) -> tuple[int, str] | None:
    """How many questions it took to find a difference, and which; none where none was found."""
    with plant(fault, registry.catalogue) as catalogue:
        planner = Planner(catalogue, registry.policy.point.bundle.record_states)
        under = replace(registry, policy=replace(registry.policy, planner=planner))
        differential = Differential(under, pools, focus=fault.focus)
        pairs = [pair for pair in differential.list_contracts() if pair[0] is fault.role]
        for number in range(most):
            if found := await differential.compare_drawn(pairs[number % len(pairs)], f"planted {number}"):
                return differential.counts["compared"], found[0].describe()
    return None


async def test_without_a_fault_nothing_is_found(drawn: DrawnRegistry, bare_pools: Pools) -> None:
    sound = Fault(role=Role.AGENCY_HEAD, focus=frozenset({"asOf", "filter"}))
    assert await find_difference(drawn, bare_pools, sound, SOUND_QUESTIONS) is None


@pytest.mark.parametrize("name", EACH_FAULT)
async def test_a_fault_is_found_by_drawn_questions(name: str, drawn: DrawnRegistry, bare_pools: Pools) -> None:
    found = await find_difference(drawn, bare_pools, FAULTS[name], MOST_QUESTIONS)
    assert found is not None
    print(f"\n{name}: found by question {found[0]}")
