"""A lane: the few connections of one login, and whose turn it is to have one of them.

INVARIANT: a connection stays outside its pool only while plans alone were run on it, and never longer than a second;
whatever else happens on it, it goes back through the pool's check before anyone gets it again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import asyncpg

from app.errors import ErrorCode, ProbityError
from app.storage.clean_connection import UncleanConnectionError

if TYPE_CHECKING:
    Connection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    Pool = asyncpg.Pool[asyncpg.Record]

# How long a connection may serve plans before it is checked again, however busy it is.
UNCHECKED_SECONDS: Final = 1.0
UNREACHABLE: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A connection for as long as one user has it; past `until` (the loop's time) it has to be checked again."""

    connection: Connection
    until: float


class Lane:
    """Hands out the connections of one pool, `size` of them at most, first come first served.

    `returning` holds the tasks that give connections back, so that whoever closes the pools can wait for them.
    """

    __slots__ = ("_is_closed", "_kept", "_out", "_pool", "_returning", "_size", "_sweep", "_waiting")

    def __init__(self, pool: Pool, size: int, returning: set[asyncio.Task[None]]) -> None:
        self._pool = pool
        self._size = size
        self._returning = returning
        self._kept: list[Turn] = []
        # Connections that are not in the pool: kept here, in use, or on their way back.
        self._out = 0
        # What a waiter gets: a connection, or none and with it the right to take one from the pool.
        self._waiting: deque[asyncio.Future[Turn | None]] = deque()
        self._sweep: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def take(self, seconds: float) -> Turn:
        """A connection that carries nothing of anybody; raises `UNAVAILABLE` where none is free within `seconds`."""
        while self._kept:
            turn = self._kept.pop()
            if _is_idle(turn.connection):
                return turn
            self.give_back(turn, ran_plans_alone=False)
        if self._out < self._size:
            self._out += 1
            return await self._open(seconds)
        offered = await self._wait(seconds)
        return offered if offered is not None else await self._open(seconds)

    def give_back(self, turn: Turn, *, ran_plans_alone: bool) -> None:
        """Take a connection back. What ran more than plans, or too long unchecked, goes through the pool's check."""
        connection = turn.connection
        if (
            ran_plans_alone
            and not self._is_closed
            and asyncio.get_running_loop().time() < turn.until
            and _is_idle(connection)
        ):
            self._hand_on(turn)
            return
        # In a task of its own: a cancelled request gives its connection back all the same, and an answer does not
        # wait for the check of the connection that it came by.
        task = asyncio.get_running_loop().create_task(self._check_in(connection))
        self._returning.add(task)
        task.add_done_callback(self._returning.discard)

    def close(self) -> None:
        """Keep nothing from now on; what is kept goes back to the pool."""
        self._is_closed = True
        kept, self._kept = self._kept, []
        for turn in kept:
            self.give_back(turn, ran_plans_alone=False)
        self._arrange_sweep()

    async def _open(self, seconds: float) -> Turn:
        try:
            connection = await self._pool.acquire(timeout=seconds)
        except BaseException as error:
            self._free_place()
            if isinstance(error, (TimeoutError, asyncpg.PostgresError, *UNREACHABLE)):
                raise ProbityError(ErrorCode.UNAVAILABLE) from None
            raise
        return Turn(connection, asyncio.get_running_loop().time() + UNCHECKED_SECONDS)

    async def _wait(self, seconds: float) -> Turn | None:
        loop = asyncio.get_running_loop()
        offered: asyncio.Future[Turn | None] = loop.create_future()
        self._waiting.append(offered)
        timer = loop.call_later(seconds, _give_up, offered)
        try:
            return await offered
        except asyncio.CancelledError:
            # Offered in the very moment in which the request ended: it is for the next.
            if offered.done() and not offered.cancelled() and offered.exception() is None:
                turn = offered.result()
                if turn is None:
                    self._free_place()
                else:
                    self._hand_on(turn)
            raise
        finally:
            timer.cancel()

    def _hand_on(self, turn: Turn) -> None:
        """To whoever has waited longest, or into keeping."""
        if self._offer(turn):
            return
        self._kept.append(turn)
        if self._sweep is None or turn.until < self._sweep.when():
            self._arrange_sweep()

    def _offer(self, turn: Turn | None) -> bool:
        while self._waiting:
            offered = self._waiting.popleft()
            if not offered.done():
                offered.set_result(turn)
                return True
        return False

    def _free_place(self) -> None:
        """One connection less is outside the pool: whoever has waited longest may take one."""
        if not self._offer(None):
            self._out -= 1

    def _arrange_sweep(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        earliest = min((turn.until for turn in self._kept), default=None)
        self._sweep = asyncio.get_running_loop().call_at(earliest, self._end_keeping) if earliest is not None else None

    def _end_keeping(self) -> None:
        """Nothing is kept longer than a connection may go unchecked: what lies idle goes back to the pool."""
        now = asyncio.get_running_loop().time()
        due = [turn for turn in self._kept if turn.until <= now]
        self._kept = [turn for turn in self._kept if turn.until > now]
        for turn in due:
            self.give_back(turn, ran_plans_alone=False)
        self._arrange_sweep()

    async def _check_in(self, connection: Connection) -> None:
        try:
            await self._pool.release(connection)
        except (UncleanConnectionError, TimeoutError, asyncpg.PostgresError, *UNREACHABLE):
            # The pool has closed it, whatever it was; the next request opens another.
            return
        finally:
            self._free_place()


def _is_idle(connection: Connection) -> bool:
    """Whether it is open and outside a transaction, by what the protocol knows; no round trip."""
    try:
        return not connection.is_closed() and not connection.is_in_transaction()
    except asyncpg.InterfaceError:
        # Lost: the pool has let go of it already.
        return False


def _give_up(offered: asyncio.Future[Turn | None]) -> None:
    if not offered.done():
        offered.set_exception(ProbityError(ErrorCode.UNAVAILABLE))


__all__ = ["UNREACHABLE", "Lane", "Turn"]
