"""The pools of connections, one small pool for each login, and the two kinds of session that are taken from them.

INVARIANT: a read session runs plans and nothing else; a write session is a transaction of the command login.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from app.errors import ErrorCode, ProbityError
from app.storage.clean_connection import CleanConnection, Dirt, require_idle
from app.storage.cluster import Addresses
from app.storage.lanes import UNREACHABLE, Lane, Turn
from app.storage.logins import LOGIN_OF_ROLE, Login

if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]

READ_LOGINS: Final = tuple(sorted(set(LOGIN_OF_ROLE.values())))
STATEMENT_SECONDS: Final = 5.0
LONGEST_KEPT_STATEMENT: Final = 256 * 1024
# The server keeps up to 20 MB for a large plan; the published operations of a login are fewer than this.
KEPT_STATEMENTS: Final = 40
FAILURES: Final = (
    TimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.DataError,
    *UNREACHABLE,
)


# For one transaction: whose statement it is; planned for the very values that are asked of, with room to hash rows of
# a whole table once instead of looking each of them up. Merged in parallel, one of two tables would be read and sorted
# whole by every process.
SET_COUNTING: Final = (
    "SELECT set_config('probity.context', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true), "
    "set_config('work_mem', '64MB', true), set_config('enable_mergejoin', 'off', true)"
)


class ContextLapsed(Exception):
    """The database did not take the context: the caller's right has ended, or the policy is another by now.

    Where it has a cause, the login lacked a right on a column: under another policy that is no fault, else it is one.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAnswer:
    """What a plan gave: the JSON text of `data`, the references of what it discloses, whether the context held."""

    body: str
    disclosed: str
    context_held: bool


class ReadSession:
    """A connection that runs plans."""

    __slots__ = ("_turn", "ran_plans_alone")

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        # Whether nothing but whole plans has been run: then it needs no check before it serves another.
        self.ran_plans_alone = True

    @property
    def connection(self) -> Connection:
        """The connection itself, for statements that are no plans."""
        self.ran_plans_alone = False
        return self._turn.connection

    async def run_plan(self, sql: str, values: Sequence[Any]) -> ReadAnswer:
        """Run one plan; raises `ProbityError` for a deadline or a database that does not answer.

        One SELECT in a transaction of its own, whose context ends with it: it leaves nothing in the connection.
        """
        # A statement that fails, or is cut off, leaves a connection that has to be checked.
        has_run_plans_alone, self.ran_plans_alone = self.ran_plans_alone, False
        try:
            row = await self._turn.connection.fetchrow(sql, *values, timeout=STATEMENT_SECONDS)
        except FAILURES as error:
            told = _speak_of(error)
            raise told from told.__cause__
        self.ran_plans_alone = has_run_plans_alone
        return _read_answer(row)

    async def run_count(self, sql: str, values: Sequence[Any], context: str) -> ReadAnswer:
        """Run a plan over whole tables, in a transaction of its own that carries the context; raises as `run_plan`.

        What sets the context is another statement, and every row is fetched (`fetchrow` would stop at one): else
        PostgreSQL runs it in one process, whatever it planned.
        """
        connection = self.connection
        try:
            async with asyncio.timeout(STATEMENT_SECONDS), connection.transaction(readonly=True):
                await connection.execute(SET_COUNTING, context)
                rows = await connection.fetch(sql, *values)
        except FAILURES as error:
            told = _speak_of(error)
            raise told from told.__cause__
        return _read_answer(rows[0] if rows else None)


def _speak_of(error: BaseException) -> Exception:
    """What the failure of a plan is told as; no words of the database's, which may repeat a value."""
    if isinstance(error, TimeoutError | asyncpg.QueryCanceledError):
        return ProbityError(ErrorCode.DEADLINE_EXCEEDED)
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        lapsed = ContextLapsed()
        lapsed.__cause__ = error
        return lapsed
    # Data: a value that PostgreSQL cannot hold, such as a text with a null character.
    code = ErrorCode.VARIABLES_INVALID if isinstance(error, asyncpg.DataError) else ErrorCode.UNAVAILABLE
    return ProbityError(code)


def _read_answer(row: asyncpg.Record | None) -> ReadAnswer:
    if row is None:
        raise ProbityError(ErrorCode.INTERNAL)
    return ReadAnswer(body=row["body"], disclosed=row["disclosed"] or "", context_held=row["context_held"])


@dataclass(frozen=True, slots=True)
class WriteSession:
    """A transaction of the command login, under the principal's signed context."""

    connection: Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """The open pools of one process; `closed_for` counts what connections came back with and were closed for."""

    by_login: Mapping[Login, Pool]
    lanes: Mapping[Login, Lane] = field(default_factory=dict)
    closed_for: Counter[Dirt] = field(default_factory=Counter)
    returning: set[asyncio.Task[None]] = field(default_factory=set)

    @asynccontextmanager
    async def open_read(self, login: Login) -> AsyncIterator[ReadSession]:
        """A read session of that login."""
        lane = self.lanes[login]
        turn = await lane.take(STATEMENT_SECONDS)
        session = ReadSession(turn)
        try:
            yield session
        finally:
            lane.give_back(turn, ran_plans_alone=session.ran_plans_alone)

    async def run_plan(self, login: Login, sql: str, values: Sequence[Any]) -> ReadAnswer:
        """Run one plan in a read session of its own; raises as `ReadSession.run_plan`."""
        lane = self.lanes[login]
        turn = await lane.take(STATEMENT_SECONDS)
        session = ReadSession(turn)
        try:
            return await session.run_plan(sql, values)
        finally:
            lane.give_back(turn, ran_plans_alone=session.ran_plans_alone)

    @asynccontextmanager
    async def open_write(self, context: str) -> AsyncIterator[WriteSession]:
        """A transaction of the command login; committed at the end, rolled back by any exception.

        Raises `ContextLapsed` where the context does not hold.
        """
        try:
            async with self._take(Login.COMMAND) as connection, connection.transaction():
                await connection.execute("SELECT set_config('probity.context', $1, true)", context)
                # INVARIANT: asked within the transaction. The locks that the answer takes are kept to its end, and the
                # wall is not replaced under it: a command is of one policy as a whole.
                if not await connection.fetchval("SELECT c.role IS NOT NULL FROM gate.read_context() c"):
                    raise ContextLapsed
                yield WriteSession(connection)
        except asyncpg.InsufficientPrivilegeError:
            # Row security knows better than what was remembered: the right has ended.
            raise ProbityError(ErrorCode.FORBIDDEN) from None
        except asyncpg.DataError:
            raise ProbityError(ErrorCode.VARIABLES_INVALID) from None
        except UNREACHABLE:
            raise ProbityError(ErrorCode.UNAVAILABLE) from None

    @asynccontextmanager
    async def borrow(self, login: Login) -> AsyncIterator[Connection]:
        """A connection for a statement of storage's own (looking up a grant, asking whether the database is there)."""
        try:
            async with self._take(login) as connection:
                yield connection
        except (asyncpg.QueryCanceledError, *UNREACHABLE):
            raise ProbityError(ErrorCode.UNAVAILABLE) from None

    @asynccontextmanager
    async def _take(self, login: Login) -> AsyncIterator[Connection]:
        lane = self.lanes[login]
        turn = await lane.take(STATEMENT_SECONDS)
        try:
            yield turn.connection
        finally:
            lane.give_back(turn, ran_plans_alone=False)


@asynccontextmanager
async def open_pools(
    addresses: Addresses, logins: Iterable[Login] = (*READ_LOGINS, Login.COMMAND), *, size: int = 4
) -> AsyncIterator[Pools]:
    """Open one pool a login; closed at the end."""
    pools = Pools(by_login={})
    opened: dict[Login, Pool] = {}
    lanes: dict[Login, Lane] = {}

    async def note_opened(connection: Any) -> None:
        await connection.note_opened(pools.closed_for)

    async def require_idle_connection(connection: Any) -> None:
        require_idle(connection)

    try:
        for login in logins:
            opened[login] = await asyncpg.create_pool(
                addresses.by_login[login],
                min_size=0,
                max_size=size,
                connection_class=CleanConnection,
                init=note_opened,
                setup=require_idle_connection,
                # A plan of many fields is a long statement: unkept, it would be parsed and planned at every request.
                max_cacheable_statement_size=LONGEST_KEPT_STATEMENT,
                statement_cache_size=KEPT_STATEMENTS,
                # Planned once a connection, however long that lives: a large plan takes the server 100 ms.
                max_cached_statement_lifetime=0,
                server_settings=_describe_session(login),
            )
            lanes[login] = Lane(opened[login], size, pools.returning)
        yield replace(pools, by_login=opened, lanes=lanes)
    finally:
        for lane in lanes.values():
            lane.close()
        await asyncio.gather(*pools.returning, return_exceptions=True)
        for pool in opened.values():
            await pool.close()


def _describe_session(login: Login) -> dict[str, str]:
    return {
        "application_name": f"probity-{login}",
        # Look-ups and pages: one plan serves every parameter (docs/request-path.md).
        "plan_cache_mode": "force_generic_plan",
        "statement_timeout": str(int(STATEMENT_SECONDS * 1000)),
        "jit": "off",
        # JSON made by the database shows times in the connection's zone.
        "timezone": "UTC",
    }
