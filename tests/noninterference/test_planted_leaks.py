"""The comparison finds every leak that is planted: without that, answers that never differ would prove nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.domain.vocabulary import Effect
from tests.noninterference.leak_hunts import Hunter, open_hunter, shrink_difference
from tests.noninterference.planted_leaks import FACES, LEAKS, Leak, list_faces
from tests.noninterference.registries import Yard, replan
from tests.noninterference.stage import Stage

QUICK_CASES, LONG_CASES = 150, 1000


def is_there(leak: Leak, stage: Stage) -> bool:
    """Whether there is anything for the leak to break: a policy without denials has none to ignore."""
    return leak.channel != "denial" or any(rule.effect is Effect.DENY for rule in stage.policy.point.bundle.rules)


@pytest_asyncio.fixture(scope="module")
async def hunter(yard: Yard, stage: Stage) -> AsyncIterator[Hunter]:
    """Who looks for leaks, in registries that are opened once."""
    async with open_hunter(yard, stage) as found:
        yield found


async def find_missed(hunter: Hunter, leaks: list[Leak], cases: int, *, everywhere: bool) -> list[str]:
    """The channels of those that were not found."""
    missed = []
    for leak in leaks:
        if not is_there(leak, hunter.stage):
            print(f"{leak.channel}: the policy has nothing that it could break")
            continue
        found = await hunter.hunt(leak, cases, everywhere=everywhere)
        print(f"{leak.channel}: {f'found after {found.asked} questions' if found else 'NOT FOUND'}")
        if found is None:
            missed.append(leak.channel)
    return missed


async def test_a_leak_planted_in_some_of_the_channels_is_found(hunter: Hunter) -> None:
    assert await find_missed(hunter, [each for each in LEAKS if each.quick], QUICK_CASES, everywhere=False) == []


@pytest.mark.long
async def test_a_leak_planted_in_any_channel_is_found(hunter: Hunter) -> None:
    assert await find_missed(hunter, list(LEAKS), LONG_CASES, everywhere=True) == []


async def test_a_leak_is_told_by_a_small_question(hunter: Hunter) -> None:
    leak = next(each for each in LEAKS if each.channel == "count")
    found = await hunter.hunt(leak, QUICK_CASES, everywhere=False)
    assert found is not None
    with pytest.MonkeyPatch.context() as patch:
        leak.plant(patch)
        opened = await hunter.open(leak)
        async with replan(opened.twins, opened.policy) as twins:
            smallest = await shrink_difference(twins, found.difference)
    assert smallest.left != smallest.right
    assert len(smallest.question.document) <= len(found.difference.question.document)
    assert smallest.question.document.count("\n") < 25
    print(smallest.tell())


def test_a_face_that_is_not_there_yet_has_no_leak_and_one_that_is_has_one(stage: Stage) -> None:
    planted = {leak.face for leak in LEAKS}
    for face, is_in_schema in list_faces(stage.policy.schema).items():
        print(f"{face}: {'there' if is_in_schema else 'no such face yet'}")
        assert not is_in_schema or face in planted, f"plant a leak for {face} before it is served"


def test_each_channel_of_the_list_is_planted_once() -> None:
    channels = [leak.channel for leak in LEAKS]
    assert len(channels) == len(set(channels))
    assert {"filter", "sort", "count", "cursor", "page information", "node", "error", "masked field"} <= set(channels)
    assert {leak.face for leak in LEAKS if leak.face} <= set(FACES)
