"""Answers of compiled plans are those of a simple executor over the stored rows, for everyone and every question.

A question that is answered in two ways is told as the smallest one that still is, with its variables and who asks.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from app.storage.pools import open_pools
from tests.properties.differential import Differential, Pair
from tests.properties.drawn_registry import DrawnRegistry, open_drawn
from tests.properties.question_coverage import FORMS, Coverage

EACH, FEWEST = 6, 100
# The long profile: registries by seed, how many outcomes beyond those that are due, questions of each contract, and how
# many more where something of it was never asked.
LONG_SEEDS, MORE_OUTCOMES, LONG_EACH, LONG_FEWEST, MOST_MORE = (1, 2), 150, 140, 5_000, 200


@pytest_asyncio.fixture(scope="module")
async def differential(drawn: DrawnRegistry) -> AsyncIterator[Differential]:
    """Both ways over one registry."""
    async with open_pools(drawn.addresses, size=1) as pools:
        yield Differential(drawn, pools)


async def compare_many(differential: Differential, each: int, seed: str) -> None:
    """Ask so many questions of every contract; fails with the smallest question of each contract that differs."""
    begun = time.monotonic()
    found: dict[Pair, str] = {}
    for pair in differential.list_contracts():
        for number in range(each):
            differences = await differential.compare_drawn(pair, f"{seed} {pair} {number}")
            if differences:
                found[pair] = (await differential.shrink(differences[0])).describe()
                break
    seconds = time.monotonic() - begun
    print(f"\nquestions, seed {seed}: {dict(differential.counts)}, {seconds:.0f} s")
    assert not found, "\n\n".join(found.values())


async def test_every_answer_is_that_of_a_simple_executor(differential: Differential) -> None:
    await compare_many(differential, EACH, "quick")
    assert differential.counts["compared"] > FEWEST


def test_questions_are_seldom_refused_and_answers_seldom_empty(differential: Differential) -> None:
    assert differential.counts["refused as too large"] * 10 < differential.counts["compared"]
    assert len(differential.valued) > 120
    print(f"\nfields told with a value: {len(differential.valued)}")


async def ask_the_rest(differential: Differential) -> None:
    """Ask on until everything that a contract can be asked was asked under it, and every form by someone."""
    forms: Counter[str] = Counter()
    missing: dict[str, list[str]] = {}
    for pair in differential.list_contracts():
        coverage = differential.find_coverage(pair)
        for number in range(MOST_MORE):
            if not coverage.missing:
                break
            differences = await differential.compare_drawn(pair, f"rest {pair} {number}")
            assert not differences, (await differential.shrink(differences[0])).describe()
        forms += coverage.forms
        if coverage.missing:
            missing[" for ".join(pair)] = coverage.missing
    print(f"\nforms of answered questions: {dict(forms)}, fields told with a value: {len(differential.valued)}")
    assert not missing, missing
    assert not FORMS - forms.keys()


@pytest.mark.long
async def test_thousands_of_answers_are_those_of_a_simple_executor(
    cluster: EmbeddedCluster, settings: Settings, template: str
) -> None:
    """Everything that any contract can be asked is asked under it, and answered alike."""
    counts: Counter[str] = Counter()
    coverages: dict[Pair, Coverage] = {}
    for seed in LONG_SEEDS:
        async with (
            open_drawn(cluster, settings, template, seed=seed, more=MORE_OUTCOMES) as registry,
            open_pools(registry.addresses, size=1) as pools,
        ):
            differential = Differential(registry, pools, coverages=coverages)
            await compare_many(differential, LONG_EACH, f"long {seed}")
            if seed == LONG_SEEDS[-1]:
                await ask_the_rest(differential)
            counts += differential.counts
    print(f"\nquestions in all: {dict(counts)}")
    assert counts["compared"] > LONG_FEWEST
