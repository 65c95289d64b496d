"""The second wall put into the database: row policies, the functions they ask, column grants and the policy's digest.

INVARIANT: one transaction replaces all of it while no statement is on the guarded tables; readers wait, none fails.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import asyncpg

from app.errors import SetupRefused
from app.storage.grants_matrix import put_grants

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]

# A reader that holds one table and wants another waits for us no longer than this, a little longer each time: less than
# the server takes to call it a deadlock (one second) and to choose a victim, which could be the reader.
LOCK_MILLISECONDS: Final = (60, 120, 250, 500)
PAUSE_SECONDS: Final = 0.1
PATIENCE_SECONDS: Final = 30.0
_GIVEN_WAY: Final = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError, asyncpg.DeadlockDetectedError)
# The owner alone has any right on this table, so nobody else can keep two who would replace the wall apart for ever.
_ONE_AT_A_TIME: Final = "LOCK TABLE gate.installation IN SHARE ROW EXCLUSIVE MODE"
# In the order in which statements come to them: what a list is of, then what functions of the gate look into, and last
# the grants, which every context is checked against. In another order most readers would be met in the middle.
_LIST_GUARDED: Final = """
SELECT string_agg(name, ', ' ORDER BY rank, name) FROM (
    SELECT format('%I.%I', n.nspname, c.relname) AS name, CASE
        WHEN c.relname = 'grants' THEN 3
        WHEN c.relname = 'outcome_series' THEN 1
        WHEN EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'gate'::regnamespace
            AND strpos(p.prosrc, format('%I.%I ', n.nspname, c.relname)) > 0) THEN 2
        ELSE 0 END AS rank
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('registry', 'audit') AND c.relkind IN ('r', 'p')
) guarded
"""
_LIST_POLICIES: Final = (
    "SELECT string_agg(format('DROP POLICY %I ON %I.%I', policyname, schemaname, tablename), '; ') "
    "FROM pg_policies WHERE schemaname IN ('registry', 'audit')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondWall:
    """What one policy makes of the database: functions, row policies, views, column grants, and the policy's digest."""

    listing: str
    policies: tuple[str, ...]
    views: tuple[str, ...]
    column_grants: tuple[str, ...]
    policy_sha256: bytes


async def replace_wall(
    connection: Connection, wall: SecondWall, matrix: str, also: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Replace the wall, and do what `also` does in the same transaction; raises `SetupRefused` if the tables stay busy.

    `matrix` is the text of `migrations/grants.sql`, into which the policy's column grants go. All guarded tables are
    asked for at once and for a moment only; whoever is on them goes first, and they are asked for again.
    """
    grants = put_grants(matrix, wall.column_grants)

    async def put() -> None:
        if also is not None:
            await also()
        await _put_wall(connection, wall, grants)

    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not (await _try_in_turn(connection, put) or await _try_while_closed(connection, put)):
        if asyncio.get_running_loop().time() > deadline:
            raise SetupRefused(
                "somebody holds the registry's tables; end transactions that have been open for long, and try again"
            )


async def _try_in_turn(connection: Connection, put: Callable[[], Awaitable[None]]) -> bool:
    """Whether it could be put in place between two statements of others; nothing has changed where it could not."""
    for milliseconds in LOCK_MILLISECONDS:
        try:
            async with connection.transaction():
                await _lock_guarded_tables(connection, milliseconds)
                await put()
        except _GIVEN_WAY:
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return True
    return False


async def _try_while_closed(connection: Connection, put: Callable[[], Awaitable[None]]) -> bool:
    """The same while no context holds, so that readers who never leave a gap between them wait outside.

    INVARIANT: whatever goes wrong, the old policy stands again afterwards; were this process killed, none would, until
    a policy is put in place again.
    """
    old = await connection.fetchval("SELECT policy_sha256 FROM gate.installation")
    await connection.execute("UPDATE gate.installation SET policy_sha256 = NULL")
    done = False
    try:
        done = await _try_in_turn(connection, put)
    finally:
        if not done:
            # Only where it is still ours to put back: somebody else may have put a policy in place meanwhile.
            await connection.execute("UPDATE gate.installation SET policy_sha256 = $1 WHERE policy_sha256 IS NULL", old)
    return done


async def _lock_guarded_tables(connection: Connection, milliseconds: int) -> None:
    guarded = await connection.fetchval(_LIST_GUARDED)
    await connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
    await connection.execute(_ONE_AT_A_TIME)
    if guarded:
        await connection.execute(f"LOCK TABLE {guarded} IN ACCESS EXCLUSIVE MODE")
    await connection.execute("SET LOCAL statement_timeout = 0")


async def _put_wall(connection: Connection, wall: SecondWall, grants: str) -> None:
    """INVARIANT: the old row policies go and the new ones come in one transaction: there is no moment without them."""
    await connection.execute(wall.listing)
    if old := await connection.fetchval(_LIST_POLICIES):
        await connection.execute(old)
    await connection.execute(";\n".join((*wall.policies, *wall.views)))
    await connection.execute(grants)
    await connection.execute("UPDATE gate.installation SET policy_sha256 = $1", wall.policy_sha256)


__all__ = ["SecondWall", "replace_wall"]
