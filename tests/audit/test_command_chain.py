"""Records of commands: kept exactly if the command's work is kept, in a chain without gaps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from app.domain.clock import draw_random_id
from app.storage.cluster import Addresses
from app.storage.ledger.chain_reader import verify_chains
from app.storage.ledger.command_chain import append_in_transaction
from app.storage.logins import Login

from .invented_records import make_record

Connect = Callable[[Login], Awaitable[asyncpg.Connection]]
CHAIN = draw_random_id()


async def test_a_record_is_kept_exactly_if_its_transaction_is(
    addresses: Addresses, connect: Connect, owner: asyncpg.Connection
) -> None:
    connection = await connect(Login.COMMAND)
    for number, kept in enumerate([True, False, False, True, False, True]):
        transaction = connection.transaction()
        await transaction.start()
        await append_in_transaction(connection, make_record(number), chain_id=CHAIN)
        await (transaction.commit() if kept else transaction.rollback())
    found = await owner.fetch("SELECT position, id FROM audit.records ORDER BY position")
    assert [tuple(row) for row in found] == [
        (1, make_record(0).id),
        (2, make_record(3).id),
        (3, make_record(5).id),
    ]
    assert (await verify_chains(addresses.by_login[Login.LEDGER])).is_intact


async def test_commands_at_once_take_their_places_one_after_the_other(addresses: Addresses, connect: Connect) -> None:
    connections = [await connect(Login.COMMAND) for _ in range(5)]

    async def command(connection: asyncpg.Connection, first: int) -> None:
        for number in range(first, first + 6):
            transaction = connection.transaction()
            await transaction.start()
            await append_in_transaction(connection, make_record(number, items=number % 3), chain_id=CHAIN)
            await asyncio.sleep(0.002)
            await (transaction.rollback() if number % 4 == 3 else transaction.commit())

    await asyncio.gather(*(command(connection, place * 6) for place, connection in enumerate(connections)))
    report = await verify_chains(addresses.by_login[Login.LEDGER])
    assert report.is_intact
    assert [head.position for head in report.heads] == [sum(number % 4 != 3 for number in range(30))]


async def test_one_transaction_may_hold_several_records(addresses: Addresses, connect: Connect) -> None:
    connection = await connect(Login.COMMAND)
    async with connection.transaction():
        places = [await append_in_transaction(connection, make_record(number), chain_id=CHAIN) for number in range(3)]
    assert [place.position for place in places] == [1, 2, 3]
    assert (await verify_chains(addresses.by_login[Login.LEDGER])).heads[0].hash == places[-1].hash


async def test_a_record_outside_a_transaction_is_refused(connect: Connect, owner: asyncpg.Connection) -> None:
    with pytest.raises(RuntimeError, match="open one first"):
        await append_in_transaction(await connect(Login.COMMAND), make_record(0), chain_id=CHAIN)
    assert await owner.fetchval("SELECT count(*) FROM audit.records") == 0


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_a_transaction_that_could_not_see_the_chain_grow_is_refused(connect: Connect, isolation: str) -> None:
    connection = await connect(Login.COMMAND)
    with pytest.raises(RuntimeError, match="read committed"):
        async with connection.transaction(isolation=isolation):
            await append_in_transaction(connection, make_record(0), chain_id=CHAIN)


async def test_the_commands_commit_waits_for_the_disk(connect: Connect) -> None:
    connection = await connect(Login.COMMAND)
    await connection.execute("SET synchronous_commit = off")
    async with connection.transaction():
        await append_in_transaction(connection, make_record(0), chain_id=CHAIN)
        assert await connection.fetchval("SHOW synchronous_commit") == "on"
