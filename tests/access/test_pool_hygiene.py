"""What goes back into a pool carries nothing of whoever had it: after answers, refusals, faults, clients that leave."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from app.errors import ErrorCode, ProbityError
from app.http.application import create_app
from app.http.server import OrderlyServer, configure_server, open_listener
from app.storage import pools as pools_module
from app.storage.clean_connection import Dirt, UncleanConnectionError
from app.storage.cluster import Addresses
from app.storage.logins import LOGIN_OF_ROLE, Login
from app.storage.pools import Pools, open_pools
from tests.access.role_commands import GRANT, count_grants, write_grant
from tests.journeys.conftest import RunningRegistry
from tests.planning.test_folded_context import ASKED, read_operations
from tests.properties.askers import ASKERS

LIST = "{ outcomes(first: 20) { nodes { id kind officer { familyName } } totalCount } }"
# What someone could leave behind, and what the check finds of it.
LEFT_BEHIND: dict[str, Dirt] = {
    "BEGIN": Dirt.TRANSACTION,
    "BEGIN; SELECT 1; SAVEPOINT here": Dirt.TRANSACTION,
    "BEGIN; CREATE TEMP TABLE x (); ROLLBACK; BEGIN": Dirt.TRANSACTION,
    "SET ROLE probity_agency": Dirt.SETTINGS,
    "SET SESSION AUTHORIZATION probity_agency; SET ROLE probity_agency": Dirt.SETTINGS,
    "SELECT set_config('search_path', 'pg_temp, registry', false)": Dirt.SETTINGS,
    "SET row_security = off": Dirt.SETTINGS,
    "SET statement_timeout = 0": Dirt.SETTINGS,
    "SET default_transaction_read_only = on": Dirt.SETTINGS,
    "SET TIME ZONE 'Asia/Tokyo'": Dirt.SETTINGS,
    "SELECT set_config('probity.context', 'x', false)": Dirt.CONTEXT,
    "CREATE TEMP TABLE kept (id uuid)": Dirt.TEMPORARY,
    "CREATE TEMP VIEW pg_locks AS SELECT 1 AS pid": Dirt.TEMPORARY,
    "LISTEN somebody": Dirt.LISTENING,
    "BEGIN; DECLARE kept CURSOR WITH HOLD FOR SELECT 1; COMMIT": Dirt.CURSOR,
    "PREPARE kept AS SELECT 1": Dirt.PREPARED,
    "SELECT pg_advisory_lock(1)": Dirt.LOCKED,
    "SELECT pg_advisory_lock_shared(1, 2)": Dirt.LOCKED,
}


@asynccontextmanager
async def one_connection(addresses: Addresses) -> AsyncIterator[Pools]:
    """The pools with one connection of the agencies' login."""
    async with open_pools(addresses, (Login.AGENCY,), size=1) as pools:
        yield pools


async def settle(pools: Pools) -> None:
    """Wait until every connection is back, or closed."""
    while pools.returning:
        await asyncio.gather(*pools.returning, return_exceptions=True)


async def find_backend(pools: Pools) -> int:
    """The server process of the connection that is handed out next."""
    async with pools.borrow(Login.AGENCY) as connection:
        return int(await connection.fetchval("SELECT pg_backend_pid()"))


@pytest.mark.parametrize("left", LEFT_BEHIND)
async def test_a_connection_with_something_left_in_it_is_closed_and_counted(left: str, addresses: Addresses) -> None:
    async with one_connection(addresses) as pools:
        first = await find_backend(pools)
        async with pools.borrow(Login.AGENCY) as connection:
            await connection.execute(left)
        await settle(pools)
        assert pools.closed_for == {LEFT_BEHIND[left]: 1}
        async with pools.borrow(Login.AGENCY) as connection:
            assert await connection.fetchval("SELECT pg_backend_pid()") != first
            assert await connection.fetchval("SELECT current_user || current_setting('role')") == "probity_agencynone"
            assert await connection.fetchval("SELECT count(*) FROM pg_stat_activity WHERE pid = $1", first) == 0
        await settle(pools)
        assert pools.closed_for.total() == 1


async def test_the_check_is_the_connections_own_and_not_of_those_who_remember_it(addresses: Addresses) -> None:
    """Whoever goes to the pool itself, around everything written here, meets it too."""
    async with one_connection(addresses) as pools:
        pool = pools.by_login[Login.AGENCY]
        connection = await pool.acquire()
        await connection.execute("SET ROLE probity_agency")
        with pytest.raises(UncleanConnectionError):
            await pool.release(connection)
        assert pools.closed_for == {Dirt.SETTINGS: 1}
        async with pool.acquire() as clean:
            assert await clean.fetchval("SELECT current_setting('role')") == "none"


async def test_a_clean_connection_is_kept_and_its_other_settings_are_put_back(addresses: Addresses) -> None:
    async with one_connection(addresses) as pools:
        first = await find_backend(pools)
        usual = None
        for _ in range(3):
            async with pools.borrow(Login.AGENCY) as connection:
                found = await connection.fetchval("SELECT current_setting('work_mem')")
                usual = usual or found
                assert found == usual
                await connection.execute("SET work_mem = '77MB'")
            await settle(pools)
        async with pools.borrow(Login.AGENCY) as connection, connection.transaction():
            await connection.execute("SELECT set_config('probity.context', 'x', true), pg_advisory_xact_lock(1)")
        assert await find_backend(pools) == first
        await settle(pools)
        assert pools.closed_for.total() == 0


SESSION = """
SELECT 'user' AS name, concat(current_user, ' ', session_user) AS setting
UNION ALL SELECT 'temporary', pg_my_temp_schema()::text
UNION ALL SELECT 'context', coalesce(current_setting('probity.context', true), '')
UNION ALL SELECT 'verified', coalesce(current_setting('probity.verified', true), '')
UNION ALL SELECT name, setting FROM pg_settings WHERE context <> 'internal' AND source <> 'default'
"""


@pytest.mark.parametrize(("person", "document", "variables"), [*ASKED, *read_operations()])
async def test_a_plan_leaves_nothing_in_the_connection_that_it_was_run_by(
    person: str, document: str, variables: dict[str, Any], shared: RunningRegistry
) -> None:
    """Why a connection that ran plans alone may serve the next caller unchecked: the check finds nothing of them."""
    pools, order = shared.pipeline.pools, ASKERS[person]
    assert order is not None
    login = LOGIN_OF_ROLE[order.role]
    async with pools.borrow(login) as connection:
        before = dict(await connection.fetch(SESSION))
    await settle(pools)
    closed = pools.closed_for.total()
    await shared.ask(order, document, **variables)
    # What counts over whole tables is more than a plan, and has been checked by now.
    assert pools.lanes[login]._kept or person == "analyst"
    async with pools.borrow(login) as connection:
        assert dict(await connection.fetch(SESSION)) == before
    # The check that the pool runs at its return is the judge.
    await settle(pools)
    assert pools.closed_for.total() == closed


async def list_unclean(running: RunningRegistry, truth: asyncpg.Connection) -> list[tuple[str, ...]]:
    """Connections that do something, are within a transaction, or hold a lock, of the logins that answer requests."""
    rows = await truth.fetch(
        "SELECT a.usename, a.state, l.locktype FROM pg_stat_activity a "
        "LEFT JOIN pg_locks l ON l.pid = a.pid AND l.locktype = 'advisory' "
        "WHERE a.datname = current_database() AND a.application_name LIKE 'probity-%' "
        "AND (a.state <> 'idle' OR l.pid IS NOT NULL)"
    )
    return [tuple(map(str, row)) for row in rows]


async def require_clean(running: RunningRegistry, truth: asyncpg.Connection) -> None:
    """Soon, nothing runs and nothing is held; fails where something stays."""
    await settle(running.pipeline.pools)
    async with asyncio.timeout(3):
        while await list_unclean(running, truth):  # noqa: ASYNC110 - the server's own view is asked
            await asyncio.sleep(0.02)


async def test_answers_refusals_and_faults_leave_every_connection_clean(
    registry: RunningRegistry, own_truth: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    pools = registry.pipeline.pools
    await registry.ask("records", LIST)
    await registry.ask("head", GRANT, input=write_grant())
    await registry.ask("head", GRANT, input=write_grant("key-2"))  # refused, as data
    for person, document, variables in (
        ("records", "{ nonsense }", {}),
        ("investigator", LIST.replace("kind", "nonsense"), {}),
        ("records", "query Q($f: OfficerFilter) { officers(first: 1, filter: $f) { totalCount } }", {"f": {"x": 1}}),
        (
            "records",
            "query Q($f: OfficerFilter) { officers(first: 1, filter: $f) { totalCount } }",
            {"f": {"familyName": {"eq": "\0"}}},
        ),
        ("head", GRANT, {"input": write_grant("key-3", account="nul\0byte")}),
    ):
        with contextlib.suppress(ProbityError):
            refused = await registry.ask(person, document, **variables)
            assert refused["grantRole"]["__typename"] == "CommandRefused"
    await require_clean(registry, own_truth)
    # A fault of our own in each stage after a connection was taken.
    for place in ("find_held_grant", "append_in_transaction", "carry_out", "read_policy_digest"):
        with monkeypatch.context() as patched:

            async def fail(*_args: Any, **_kwargs: Any) -> Any:
                raise KeyError("a fault")

            patched.setattr(f"app.pipeline.{place}", fail)
            registry.pipeline.held.forget(())
            with pytest.raises(KeyError):
                if place == "read_policy_digest":
                    await registry.ask("public", "{ __schema { queryType { name } } }")
                else:
                    await registry.ask("head", GRANT, input=write_grant("key-4", account="demo-other"))
    await require_clean(registry, own_truth)
    assert await count_grants(own_truth, "demo-other") == 0
    assert pools.closed_for.total() == 0


async def test_a_request_cancelled_at_any_moment_leaves_every_connection_clean(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    expected = await registry.ask("records", LIST)
    cancelled = 0
    for step in range(60):
        if step % 3 == 2:
            given = write_grant(f"k{step}", account=f"cancelled-{step}")
            asking = asyncio.ensure_future(registry.ask("head", GRANT, input=given))
        else:
            asking = asyncio.ensure_future(registry.ask("records", LIST))
        # In turns of the loop, not in time: each await of the path is met by some step.
        for _ in range(step):
            await asyncio.sleep(0)
        await asyncio.sleep(0.0005 * (step % 7))
        asking.cancel()
        cancelled += isinstance((await asyncio.gather(asking, return_exceptions=True))[0], asyncio.CancelledError)
    await require_clean(registry, own_truth)
    assert cancelled > 20
    # A transaction that was cut off while it was being rolled back is closed with its connection.
    assert set(registry.pipeline.pools.closed_for) <= {Dirt.TRANSACTION}
    assert await registry.ask("records", LIST) == expected
    # A command is done with its record, or neither.
    done = await own_truth.fetchval("SELECT count(*) FROM registry.grants WHERE account LIKE 'cancelled-%'")
    recorded = await own_truth.fetchval("SELECT count(*) FROM audit.records WHERE kind = 'COMMAND' AND result = 'DONE'")
    assert done == recorded


@asynccontextmanager
async def served(registry: RunningRegistry) -> AsyncIterator[int]:
    """The whole application on a socket of this machine; its port."""
    listener = open_listener("127.0.0.1", 0)
    server = OrderlyServer(configure_server(create_app(registry.pipeline)))
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        listener.close()


def write_request(registry: RunningRegistry, person: str, document: str, variables: dict[str, Any]) -> bytes:
    """A whole HTTP request."""
    body = json.dumps({"query": document, "variables": variables}).encode()
    token = registry.issue(ASKERS[person] or person)
    head = (
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
        f"authorization: Bearer {token}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


WAITING = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name LIKE 'probity-%' AND wait_event_type = 'Lock'"
)


async def wait_for_count(truth: asyncpg.Connection, number: int, seconds: float) -> None:
    """Wait until so many statements wait for a lock."""
    async with asyncio.timeout(seconds):
        while await truth.fetchval(WAITING) != number:  # noqa: ASYNC110 - the server's own view is asked
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("person", "document", "variables", "table"),
    [
        ("records", LIST, {}, "registry.outcome_series"),
        ("head", GRANT, {"input": write_grant()}, "registry.command_keys"),
        ("head", GRANT, {"input": write_grant()}, "audit.records"),
    ],
    ids=["a read", "a command", "a command at its record"],
)
async def test_a_client_that_hangs_up_in_the_middle_of_a_statement_ends_it(
    person: str,
    document: str,
    variables: dict[str, Any],
    table: str,
    registry: RunningRegistry,
    own_truth: asyncpg.Connection,
    owner_of: Any,
) -> None:
    async with served(registry) as port:
        keeper = await owner_of(registry)
        async with keeper.transaction():
            await keeper.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(write_request(registry, person, document, variables))
            await writer.drain()
            await wait_for_count(own_truth, 1, 3)
            writer.transport.abort()
            # While the lock is still held: the statement ended because its client went, not because it could go on.
            await wait_for_count(own_truth, 0, 3)
        await require_clean(registry, own_truth)
    assert await count_grants(own_truth) == 0
    assert (await registry.ask("records", LIST))["outcomes"]["nodes"]


async def test_a_statement_that_takes_too_long_is_ended_and_its_connection_clean(
    registry: RunningRegistry, own_truth: asyncpg.Connection, owner_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registry.ask("records", LIST)
    monkeypatch.setattr(pools_module, "STATEMENT_SECONDS", 0.3)
    keeper = await owner_of(registry)
    async with keeper.transaction():
        await keeper.execute("LOCK TABLE registry.outcome_series IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(ProbityError) as refused:
            await registry.ask("records", LIST)
        assert refused.value.code is ErrorCode.DEADLINE_EXCEEDED
        await wait_for_count(own_truth, 0, 3)
    await require_clean(registry, own_truth)
    assert (await registry.ask("records", LIST))["outcomes"]["nodes"]


@pytest.fixture
async def owner_of() -> AsyncIterator[Any]:
    """Opens connections as the owner of a database; closed at the end."""
    opened: list[asyncpg.Connection] = []

    async def connect(running: RunningRegistry) -> asyncpg.Connection:
        opened.append(await asyncpg.connect(running.addresses.require_owner()))
        return opened[-1]

    yield connect
    for connection in opened:
        await connection.close()
