"""The ledger: commits are shared, nothing is acknowledged before it is durable, and a chain survives every mishap."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings

from app.audit.chain import ChainRow, ItemRow, count_microseconds, seal_record, start_chain
from app.audit.records import AuditRecord
from app.audit.verification import ChainReport
from app.domain.clock import draw_random_id
from app.errors import ErrorCode, ProbityError
from app.storage.cluster import Addresses
from app.storage.ledger.arrivals import Arrivals
from app.storage.ledger.chain_reader import verify_chains
from app.storage.ledger.chain_writer import ChainWriter, connect_ledger
from app.storage.ledger.group_commit import Ledger, LedgerLimits, open_ledger
from app.storage.ledger.rows import ITEM_COLUMNS, RECORD_COLUMNS, insert_records
from app.storage.logins import Login
from app.storage.tables.audit import ITEMS, RECORDS

from .invented_records import make_record, records

Database = asyncpg.Connection
STOP_LEDGER = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'probity ledger'"


@pytest.fixture
def verify(addresses: Addresses) -> Callable[[], Awaitable[ChainReport]]:
    return lambda: verify_chains(addresses.by_login[Login.LEDGER])


def test_every_column_of_the_tables_is_written_and_hashed() -> None:
    assert [name for name, _ in RECORD_COLUMNS] == [column.name for column in RECORDS.columns]
    assert [name for name, _ in RECORD_COLUMNS] == list(ChainRow.__dataclass_fields__)
    assert [name for name, _ in ITEM_COLUMNS] == [column.name for column in ITEMS.columns]
    assert [name for name, _ in ITEM_COLUMNS[1:]] == list(ItemRow._fields)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(record=records())
async def test_every_field_comes_back_as_it_was_given(ledger: Ledger, owner: Database, record: AuditRecord) -> None:
    record = replace(record, id=draw_random_id())
    appended = await ledger.append(record)
    row = await owner.fetchrow("SELECT * FROM audit.records WHERE id = $1", record.id)
    items = await owner.fetch("SELECT * FROM audit.items WHERE record_id = $1 ORDER BY ordinal", record.id)
    assert row is not None
    given_row = {name: getattr(record, name) for name in ChainRow.__dataclass_fields__ if hasattr(record, name)}
    assert {name: row[name] for name in given_row} == given_row
    assert (row["chain_id"], row["position"], row["hash"]) == (appended.chain_id, appended.position, appended.hash)
    assert [(item["officer_id"], item["series_id"], item["version"]) for item in items] == [
        (item.officer_id, item.series_id, item.version) for item in record.items
    ]
    assert row["item_count"] == len(items)


async def test_a_commit_waits_for_the_answers_that_are_nearly_made_and_not_for_slow_ones(
    addresses: Addresses, owner: Database
) -> None:
    arrivals = Arrivals()
    address = addresses.by_login[Login.LEDGER]
    async with open_ledger(address, ids=draw_random_id, limits=LedgerLimits(), arrivals=arrivals) as ledger:

        async def answer(number: int, turns: int) -> int:
            with arrivals:
                for _ in range(turns):
                    await asyncio.sleep(0)
            return (await ledger.append(make_record(number))).position

        assert sorted(await asyncio.gather(*(answer(number, number) for number in range(8)))) == list(range(1, 9))
        assert await owner.fetchval("SELECT count(DISTINCT xmin::text) FROM audit.records") == 1
        with arrivals:
            # One that never comes keeps nobody waiting for long.
            async with asyncio.timeout(3):
                await ledger.append(make_record(8))
        with contextlib.suppress(KeyError), arrivals:
            raise KeyError
        async with asyncio.timeout(3):
            await ledger.append(make_record(9))


async def test_three_hundred_at_once_make_one_chain_in_few_commits(
    ledger: Ledger, owner: Database, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    appended = await asyncio.gather(*(ledger.append(make_record(number)) for number in range(300)))
    assert sorted(record.position for record in appended) == list(range(1, 301))
    assert len({record.chain_id for record in appended}) == 1
    commits = await owner.fetchval("SELECT count(DISTINCT xmin::text) FROM audit.records")
    assert commits <= 5
    report = await verify()
    assert report.is_intact
    assert (report.chains, report.records, report.items) == (1, 300, 300)


async def test_a_batch_never_exceeds_its_limits(addresses: Addresses, owner: Database) -> None:
    limits = LedgerLimits(batch_records=4, batch_items=6)
    async with open_ledger(addresses.by_login[Login.LEDGER], ids=draw_random_id, limits=limits) as ledger:
        sizes = [1, 1, 1, 1, 1, 9, 3, 3, 1]
        await asyncio.gather(*(ledger.append(make_record(n, items=size)) for n, size in enumerate(sizes)))
    batches = await owner.fetch(
        "SELECT array_agg(item_count ORDER BY position) AS sizes FROM audit.records "
        "GROUP BY xmin::text ORDER BY min(position)"
    )
    assert [batch["sizes"] for batch in batches] == [[1, 1, 1, 1], [1], [9], [3, 3], [1]]


async def test_records_wait_for_room_and_keep_their_order(addresses: Addresses, superuser: Database) -> None:
    limits = LedgerLimits(waiting_records=5, batch_records=2)
    async with open_ledger(addresses.by_login[Login.LEDGER], ids=draw_random_id, limits=limits) as ledger:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE audit.records IN SHARE MODE")
            tasks = [asyncio.create_task(ledger.append(make_record(number))) for number in range(12)]
            await wait_until_blocked(superuser)
        assert [record.position for record in await asyncio.gather(*tasks)] == list(range(1, 13))


async def test_each_process_has_a_chain_of_its_own(
    addresses: Addresses, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    for number in range(3):
        async with open_ledger(addresses.by_login[Login.LEDGER], ids=draw_random_id, limits=LedgerLimits()) as ledger:
            assert (await ledger.append(make_record(number))).position == 1
    assert (await verify()).chains == 3


async def test_a_commit_waits_for_the_disk(addresses: Addresses) -> None:
    connection = await connect_ledger(addresses.by_login[Login.LEDGER], seconds=5)()
    assert await connection.fetchval("SHOW synchronous_commit") == "on"
    await connection.close()


async def test_a_record_whose_commit_fails_at_the_very_end_is_not_acknowledged(ledger: Ledger, owner: Database) -> None:
    await owner.execute(
        "CREATE FUNCTION audit.refuse_commit() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE CONSTRAINT TRIGGER refuse_commit AFTER INSERT ON audit.records DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION audit.refuse_commit()"
    )
    assert await outcomes(ledger, [make_record(1)]) == [ErrorCode.UNAVAILABLE]
    assert await owner.fetchval("SELECT count(*) FROM audit.records") == 0
    await owner.execute("DROP TRIGGER refuse_commit ON audit.records")
    assert (await ledger.append(make_record(2))).position == 1


async def test_a_killed_backend_acknowledges_nothing_and_the_chain_goes_on(
    ledger: Ledger, superuser: Database, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    assert (await ledger.append(make_record(0))).position == 1
    async with superuser.transaction():
        await superuser.execute("LOCK TABLE audit.records IN SHARE MODE")
        tasks = [asyncio.create_task(ledger.append(make_record(number))) for number in range(1, 21)]
        await wait_until_blocked(superuser)
        await superuser.execute(STOP_LEDGER)
        found = await asyncio.gather(*tasks, return_exceptions=True)
    assert [error.code for error in found if isinstance(error, ProbityError)] == [ErrorCode.UNAVAILABLE] * 20
    assert await superuser.fetchval("SELECT count(*) FROM audit.records") == 1
    assert (await ledger.append(make_record(21))).position == 2
    assert (await verify()).is_intact


async def test_under_repeated_kills_exactly_the_acknowledged_records_can_be_relied_on(
    ledger: Ledger, superuser: Database, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    async def ask(number: int) -> Any:
        await asyncio.sleep(number * 0.001)
        try:
            return await ledger.append(make_record(number))
        except ProbityError as error:
            return error.code

    tasks = [asyncio.create_task(ask(number)) for number in range(400)]
    for _ in range(8):
        await asyncio.sleep(0.04)
        await superuser.execute(STOP_LEDGER)
    answers = await asyncio.gather(*tasks)
    stored = {row["id"]: row["hash"] for row in await superuser.fetch("SELECT id, hash FROM audit.records")}
    acknowledged = [answer for answer in answers if answer is not ErrorCode.UNAVAILABLE]
    assert acknowledged
    assert all(stored[answer.record_id] == answer.hash for answer in acknowledged)
    assert (await verify()).is_intact


async def test_an_answer_lost_after_the_commit_is_withheld_and_the_chain_goes_on_after_it(
    addresses: Addresses, verify: Callable[[], Awaitable[ChainReport]], owner: Database
) -> None:
    class LosingConnection(asyncpg.Connection):
        losing = True

        async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109
            answer = await super().execute(query, *args, timeout=timeout)
            if LosingConnection.losing and query.startswith("WITH"):
                LosingConnection.losing = False
                raise ConnectionResetError
            return answer

    async def connect() -> Database:
        return await asyncpg.connect(addresses.by_login[Login.LEDGER], connection_class=LosingConnection)

    async with ledger_over(connect) as ledger:
        assert await outcomes(ledger, [make_record(1), make_record(2)]) == [ErrorCode.UNAVAILABLE] * 2
        assert await owner.fetchval("SELECT count(*) FROM audit.records") == 2
        assert (await ledger.append(make_record(3))).position == 3
    assert (await verify()).is_intact


async def test_a_commit_that_lands_after_it_was_given_up_pushes_the_next_record_back(
    addresses: Addresses, connect: Any, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    limits = LedgerLimits()
    writer = ChainWriter(
        connect_ledger(addresses.by_login[Login.LEDGER], seconds=5), chain_id=draw_random_id(), seconds=5
    )
    ledger = Ledger(writer, limits)
    await ledger.start()
    await insert_records(await connect(Login.LEDGER), [seal_record(writer.head, make_record(1))])
    assert (await ledger.append(make_record(2))).position == 2
    await ledger.close()
    assert (await verify()).is_intact


async def test_a_server_that_does_not_answer_in_time_has_acknowledged_nothing(
    addresses: Addresses, superuser: Database, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    limits = LedgerLimits(seconds=0.2)
    async with open_ledger(addresses.by_login[Login.LEDGER], ids=draw_random_id, limits=limits) as ledger:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE audit.records IN SHARE MODE")
            assert await outcomes(ledger, [make_record(1)]) == [ErrorCode.UNAVAILABLE]
        assert (await ledger.append(make_record(2))).position in (1, 2)
    assert (await verify()).is_intact


async def test_a_connection_that_says_nothing_any_more_is_given_up(addresses: Addresses) -> None:
    class SilentConnection(asyncpg.Connection):
        async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109
            await asyncio.Event().wait()
            return ""

    async def connect() -> Database:
        return await asyncpg.connect(addresses.by_login[Login.LEDGER], connection_class=SilentConnection)

    async with asyncio.timeout(5), ledger_over(connect, seconds=0.2) as ledger:
        assert await outcomes(ledger, [make_record(1)]) == [ErrorCode.UNAVAILABLE]


async def test_a_waiter_that_is_cancelled_disturbs_nobody_and_leaves_its_record(
    ledger: Ledger, superuser: Database, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    async with superuser.transaction():
        await superuser.execute("LOCK TABLE audit.records IN SHARE MODE")
        in_flight = asyncio.create_task(ledger.append(make_record(0)))
        await wait_until_blocked(superuser)
        waiting = [asyncio.create_task(ledger.append(make_record(number))) for number in range(1, 10)]
        await asyncio.sleep(0)
        for task in (in_flight, *waiting[::2]):
            task.cancel()
    found = await asyncio.gather(in_flight, *waiting, return_exceptions=True)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in found] == [True] + [True, False] * 4 + [True]
    report = await verify()
    assert (report.is_intact, report.records) == (True, 10)


async def test_a_waiter_cancelled_while_there_is_no_room_takes_none(addresses: Addresses, superuser: Database) -> None:
    limits = LedgerLimits(waiting_records=1)
    async with open_ledger(addresses.by_login[Login.LEDGER], ids=draw_random_id, limits=limits) as ledger:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE audit.records IN SHARE MODE")
            tasks = [asyncio.create_task(ledger.append(make_record(number))) for number in range(3)]
            await wait_until_blocked(superuser)
            tasks[1].cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(found[1], asyncio.CancelledError)
        assert (await ledger.append(make_record(3))).position == 3


async def test_a_record_the_database_refuses_spoils_no_other(
    ledger: Ledger, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    await ledger.append(make_record(0))
    batch = [make_record(1), replace(make_record(2), id=make_record(0).id), make_record(3)]
    assert await outcomes(ledger, batch) == [2, ErrorCode.UNAVAILABLE, 3]
    assert (await verify()).is_intact


async def test_closing_writes_what_was_accepted_and_refuses_the_rest(
    addresses: Addresses, superuser: Database, verify: Callable[[], Awaitable[ChainReport]]
) -> None:
    limits = LedgerLimits(waiting_records=4, batch_records=1)
    async with open_ledger(addresses.by_login[Login.LEDGER], ids=draw_random_id, limits=limits) as ledger:
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE audit.records IN SHARE MODE")
            tasks = [asyncio.create_task(ledger.append(make_record(number))) for number in range(7)]
            await wait_until_blocked(superuser)
            closing = asyncio.create_task(ledger.close())
            await asyncio.sleep(0)
        await closing
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(outcome, ProbityError) for outcome in found] == [False] * 4 + [True] * 3
        assert await outcomes(ledger, [make_record(9)]) == [ErrorCode.UNAVAILABLE]
    assert (await verify()).records == 4


async def test_a_ledger_that_lost_confirmed_records_goes_no_further(ledger: Ledger, superuser: Database) -> None:
    for number in range(3):
        await ledger.append(make_record(number))
    await superuser.execute(
        "SET session_replication_role = replica; DELETE FROM audit.items; DELETE FROM audit.records WHERE position = 3"
    )
    await superuser.execute(STOP_LEDGER)
    assert await outcomes(ledger, [make_record(4)]) == [ErrorCode.UNAVAILABLE]
    assert await outcomes(ledger, [make_record(5)]) == [ErrorCode.UNAVAILABLE]
    assert await superuser.fetchval("SELECT max(position) FROM audit.records") == 2


async def test_without_a_database_the_ledger_does_not_start() -> None:
    async def connect() -> Database:
        raise ConnectionRefusedError

    with pytest.raises(ProbityError) as refusal:
        async with ledger_over(connect):
            pytest.fail("started")
    assert refusal.value.code is ErrorCode.UNAVAILABLE


async def test_a_failure_is_logged_without_any_value(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    await ledger.append(make_record(0))
    await outcomes(ledger, [make_record(0)])
    assert caplog.messages
    assert all(str(make_record(0).id) not in text and "castillo" not in text for text in caplog.messages)


async def test_the_ledgers_login_can_only_add_and_read(ledger: Ledger, connect: Any) -> None:
    await ledger.append(make_record(0))
    connection = await connect(Login.LEDGER)
    for statement in (
        "UPDATE audit.records SET account = 'x'",
        "DELETE FROM audit.items",
        "TRUNCATE audit.records CASCADE",
        "SELECT 1 FROM registry.officers",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


@pytest.mark.parametrize("table", ["records", "items"])
async def test_not_even_the_owner_can_change_or_delete(ledger: Ledger, owner: Database, table: str) -> None:
    await ledger.append(make_record(0))
    column = {"records": "account = 'x'", "items": "version = 9"}[table]
    for statement in (
        f"UPDATE audit.{table} SET {column}",
        f"DELETE FROM audit.{table}",
        f"TRUNCATE audit.{table} CASCADE",
    ):
        with pytest.raises(asyncpg.RestrictViolationError):
            await owner.execute(statement)


def test_the_beginning_of_a_chain_is_no_record() -> None:
    head = start_chain(draw_random_id())
    assert head.position == 0
    assert seal_record(head, make_record(0)).row.at == count_microseconds(make_record(0).at)


@asynccontextmanager
async def ledger_over(connect: Callable[[], Awaitable[Database]], *, seconds: float = 5) -> AsyncIterator[Ledger]:
    """A ledger whose connections are made by the test."""
    ledger = Ledger(ChainWriter(connect, chain_id=draw_random_id(), seconds=seconds), LedgerLimits())
    try:
        await ledger.start()
        yield ledger
    finally:
        await ledger.close()


async def outcomes(ledger: Ledger, batch: list[AuditRecord]) -> list[int | ErrorCode]:
    """For each record its position, or the code with which it was refused; anything else fails."""
    found = await asyncio.gather(*(ledger.append(record) for record in batch), return_exceptions=True)
    told: list[int | ErrorCode] = []
    for outcome in found:
        if isinstance(outcome, ProbityError):
            told.append(outcome.code)
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            told.append(outcome.position)
    return told


async def wait_until_blocked(watcher: Database) -> None:
    """Until the ledger's statement stands before a lock."""
    async with asyncio.timeout(10):
        blocked = False
        while not blocked:
            await asyncio.sleep(0.01)  # the server tells nobody when a lock is waited for
            blocked = await watcher.fetchval(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'probity ledger' "
                "AND wait_event_type = 'Lock')"
            )
