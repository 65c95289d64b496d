"""A hunt for one planted leak, and a report of what told it.

The code is planted only while the hunt lasts, and nothing that was planned before it is used in it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from app.answering.served_policy import ServedPolicy
from app.policy.rules import PolicyRule
from tests.noninterference.comparing import Comparison, Difference
from tests.noninterference.planted_leaks import Leak
from tests.noninterference.questions import Question
from tests.noninterference.registries import TwinRegistries, Yard, replan
from tests.noninterference.shrinking import shrink
from tests.noninterference.stage import Stage
from tests.noninterference.twin_worlds import Twin


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """How a leak was found: after how many questions, and by which."""

    asked: int
    difference: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A pair of registries, the worlds in them, and the policy that they are asked under."""

    twins: TwinRegistries
    twin: Twin
    policy: ServedPolicy


@dataclass(slots=True, kw_only=True)
class Hunter:
    """Opens the registries that leaks are looked for in, each pair once."""

    yard: Yard
    stage: Stage
    stack: AsyncExitStack
    opened: dict[tuple[str, bool, tuple[PolicyRule, ...]], Opened] = field(default_factory=dict)

    async def hunt(self, leak: Leak, cases: int, *, everywhere: bool = True) -> Found | None:
        """Plant the leak and ask until the answers differ; nothing where they never do."""
        opened = await self.open(leak)
        with pytest.MonkeyPatch.context() as patch:
            leak.plant(patch)
            async with replan(opened.twins, opened.policy) as twins:
                comparison = Comparison(twins, opened.twin, "leaks")
                figures = await comparison.run(
                    cases,
                    stop_at_difference=True,
                    extra=False,
                    commands_alone=leak.in_commands,
                    roots=leak.near if everywhere else leak.quick,
                )
        if not figures.differences:
            return None
        return Found(asked=figures.counted["asked"], difference=figures.differences[0])

    async def open(self, leak: Leak) -> Opened:
        """The registries that a leak is looked for in."""
        key = (leak.asker, leak.wall, leak.denials)
        if key not in self.opened:
            stage = self.stage.deny(leak.denials)
            asker = stage.find(leak.asker)
            twin = stage.hide(asker)
            twins = await self.stack.enter_async_context(
                self.yard.open_twins(twin.lines, twin.other, asker, wall=leak.wall)
            )
            self.opened[key] = Opened(twins=twins, twin=twin, policy=stage.policy)
        return self.opened[key]


@asynccontextmanager
async def open_hunter(yard: Yard, stage: Stage) -> AsyncIterator[Hunter]:
    """A hunter whose registries are closed at the end."""
    async with AsyncExitStack() as stack:
        yield Hunter(yard=yard, stage=stage, stack=stack)


async def shrink_difference(twins: TwinRegistries, difference: Difference) -> Difference:
    """The same difference shown by the smallest question that shows it; a command stays whole, as it changed things."""
    if difference.question.kind == "command":
        return difference

    async def differs(question: Question) -> bool:
        left, right = await twins.ask(question.send_as())
        return left != right

    smallest = await shrink(difference.question, differs)
    left, right = await twins.ask(smallest.send_as())
    return Difference(question=smallest, left=left, right=right)
