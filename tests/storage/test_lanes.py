"""Whose turn it is to have a connection, and that none goes unchecked for long, or after anything odd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.errors import ErrorCode, ProbityError
from app.storage import lanes
from app.storage.cluster import Addresses
from app.storage.lanes import Lane, Turn
from app.storage.logins import Login
from app.storage.pools import Pools, open_pools

PLAN = "SELECT pg_backend_pid()::text AS body, '' AS disclosed, true AS context_held"


@asynccontextmanager
async def open_lane(addresses: Addresses, *, size: int = 1) -> AsyncIterator[tuple[Pools, Lane]]:
    """The agencies' lane, with so many connections."""
    async with open_pools(addresses, (Login.AGENCY,), size=size) as pools:
        yield pools, pools.lanes[Login.AGENCY]


async def run(pools: Pools) -> str:
    """The server process that a plan was run by."""
    return (await pools.run_plan(Login.AGENCY, PLAN, ())).body


def count_checks(monkeypatch: pytest.MonkeyPatch) -> list[Turn | None]:
    """A list that grows with each connection that goes back through the pool's check."""
    checked: list[Turn | None] = []
    check_in = Lane._check_in

    async def note(lane: Lane, connection: object) -> None:
        checked.append(None)
        await check_in(lane, connection)  # type: ignore[arg-type]

    monkeypatch.setattr(Lane, "_check_in", note)
    return checked


async def test_plan_after_plan_is_run_by_one_connection_without_a_check(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = count_checks(monkeypatch)
    async with open_lane(addresses, size=3) as (pools, _):
        assert len({await run(pools) for _ in range(20)}) == 1
        assert not checked
    assert len(checked) == 1


async def test_a_connection_is_checked_after_a_second_whether_busy_or_idle(
    addresses: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "UNCHECKED_SECONDS", 0.2)
    checked = count_checks(monkeypatch)
    async with open_lane(addresses) as (pools, _):
        await run(pools)
        await asyncio.sleep(0.4)
        assert len(checked) == 1
        ends = asyncio.get_running_loop().time() + 0.7
        while asyncio.get_running_loop().time() < ends:
            await run(pools)
            await asyncio.sleep(0.01)
        assert len(checked) >= 3


async def test_whatever_is_no_plan_is_checked(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = count_checks(monkeypatch)
    async with open_lane(addresses) as (pools, _):
        async with pools.borrow(Login.AGENCY) as connection:
            await connection.fetchval("SELECT 1")
        async with pools.open_read(Login.AGENCY) as session:
            await session.run_plan(PLAN, ())
            await session.connection.fetchval("SELECT 1")
        with pytest.raises(ProbityError):
            await pools.run_plan(Login.AGENCY, "SELECT '' AS body, (1 / 0)::text AS disclosed", ())
        await run(pools)
        assert len(checked) == 3


async def test_those_who_wait_get_their_turn_in_order(addresses: Addresses) -> None:
    async with open_lane(addresses) as (_, lane):
        served: list[int] = []

        async def use(number: int) -> None:
            turn = await lane.take(5)
            served.append(number)
            await asyncio.sleep(0)
            # Every third goes through the check: its place passes on all the same.
            lane.give_back(turn, ran_plans_alone=number % 3 != 0)

        await asyncio.gather(*(use(number) for number in range(12)))
        assert served == list(range(12))


async def test_who_gives_up_waiting_takes_nobodys_turn(addresses: Addresses) -> None:
    async with open_lane(addresses) as (_, lane):
        turn = await lane.take(5)
        waiting = [asyncio.ensure_future(lane.take(5)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
        # Offered to the second, who is cancelled before it could take it.
        lane.give_back(turn, ran_plans_alone=True)
        waiting[1].cancel()
        last = await asyncio.wait_for(waiting[2], 3)
        assert last.connection is turn.connection
        with pytest.raises(ProbityError) as refused:
            await lane.take(0.05)
        assert refused.value.code is ErrorCode.UNAVAILABLE
        lane.give_back(last, ran_plans_alone=True)
        assert (await lane.take(5)).connection is turn.connection
        lane.give_back(last, ran_plans_alone=False)
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_connection_that_was_lost_while_it_was_kept_is_not_handed_out(addresses: Addresses) -> None:
    async with open_lane(addresses) as (pools, lane):
        first = await run(pools)
        turn = await lane.take(5)
        lane.give_back(turn, ran_plans_alone=True)
        turn.connection.terminate()
        assert await run(pools) != first
