"""The ledger of a process: disclosure records of many requests, committed together, none answered before its commit.

INVARIANT: `append` returns only after the record is durable; on any doubt it raises, and the answer is withheld.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from app.audit.records import AuditRecord
from app.domain.clock import IdSource
from app.errors import ErrorCode, ProbityError
from app.storage.ledger.arrivals import Arrivals
from app.storage.ledger.chain_writer import FAILURES, ChainWriter, connect_ledger
from app.storage.ledger.rows import AppendedRecord

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLimits:
    """How much may wait, how much goes into one commit, and how many seconds one commit may take."""

    waiting_records: int = 1024
    batch_records: int = 256
    batch_items: int = 8192
    seconds: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A record on its way and the outcome that its request waits for; None: it is not known to be stored."""

    record: AuditRecord
    outcome: asyncio.Future[AppendedRecord | None]


class Ledger:
    """Group commit: while one batch is being committed the next one gathers, so commits are shared under load.

    `arrivals` counts the answers that are being made; a batch waits for their records, a millisecond at most.
    """

    __slots__ = ("_arrivals", "_closing", "_limits", "_pending", "_room", "_task", "_wake", "_writer")

    def __init__(self, writer: ChainWriter, limits: LedgerLimits, arrivals: Arrivals | None = None) -> None:
        self._writer = writer
        self._arrivals = arrivals or Arrivals()
        self._limits = limits
        self._pending: deque[_Waiting] = deque()
        self._room = asyncio.Semaphore(limits.waiting_records)
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect and begin to write; raises `ProbityError` (UNAVAILABLE) if the database cannot be reached."""
        try:
            await self._writer.prepare()
        except FAILURES as error:
            _log_failure(error, records=0)
            raise ProbityError(ErrorCode.UNAVAILABLE) from None
        self._task = asyncio.create_task(self._write_batches())

    async def append(self, record: AuditRecord) -> AppendedRecord:
        """Store the record durably; raises `ProbityError` (UNAVAILABLE) if that is not certain.

        Waits for room while too many records are on their way. Once accepted, a record is written even if the
        request is cancelled: whoever asked may have learned something from the time it took.
        """
        if not self._is_open():
            raise ProbityError(ErrorCode.UNAVAILABLE)
        await self._room.acquire()
        if not self._is_open():
            self._room.release()
            raise ProbityError(ErrorCode.UNAVAILABLE)
        waiting = _Waiting(record=record, outcome=asyncio.get_running_loop().create_future())
        self._pending.append(waiting)
        self._wake.set()
        appended = await waiting.outcome
        if appended is None:
            raise ProbityError(ErrorCode.UNAVAILABLE)
        return appended

    async def close(self) -> None:
        """Accept nothing more, write what was accepted, and disconnect."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._writer.close()

    def _is_open(self) -> bool:
        return self._task is not None and not self._closing

    async def _write_batches(self) -> None:
        try:
            while True:
                await self._wake.wait()
                # A commit costs several times what a record in it does: those who are nearly here share this one.
                await self._arrivals.wait()
                batch = self._take_batch()
                if batch:
                    await self._settle(batch)
                elif self._closing:
                    return
                else:
                    self._wake.clear()
        finally:
            # INVARIANT: nobody waits for a task that has ended.
            self._closing = True
            self._resolve(self._pending, [None] * len(self._pending))
            self._pending.clear()

    def _take_batch(self) -> list[_Waiting]:
        """The oldest waiting records, at least one if there is any, up to the limits of a batch."""
        batch: list[_Waiting] = []
        items = 0
        while self._pending and len(batch) < self._limits.batch_records:
            items += len(self._pending[0].record.items)
            if batch and items > self._limits.batch_items:
                break
            batch.append(self._pending.popleft())
        return batch

    async def _settle(self, batch: list[_Waiting]) -> None:
        """Write a batch and tell its waiters."""
        outcomes: Sequence[AppendedRecord | None] = [None] * len(batch)
        try:
            outcomes = await self._write(batch)
        finally:
            self._resolve(batch, outcomes)

    async def _write(self, batch: list[_Waiting]) -> Sequence[AppendedRecord | None]:
        """Write a batch in one commit; where the database refuses a row of it, each record in its own.

        A row is refused for an id that is taken, or for a position that a commit of ours took after we had given it
        up; the first concerns that record alone, the second is over once the head has been read again.
        """
        try:
            return await self._writer.write([waiting.record for waiting in batch])
        except asyncpg.IntegrityConstraintViolationError as error:
            _log_failure(error, records=len(batch))
            return [await self._write_one(waiting) for waiting in batch]
        except Exception as error:
            _log_failure(error, records=len(batch))
            return [None] * len(batch)

    async def _write_one(self, waiting: _Waiting) -> AppendedRecord | None:
        try:
            return (await self._writer.write([waiting.record]))[0]
        except Exception as error:
            _log_failure(error, records=1)
            return None

    def _resolve(self, batch: Collection[_Waiting], outcomes: Sequence[AppendedRecord | None]) -> None:
        """Tell each waiter once, and give its room to the next; a waiter that was cancelled is past telling."""
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if not waiting.outcome.done():
                waiting.outcome.set_result(outcome)
            self._room.release()


def _log_failure(error: Exception, *, records: int) -> None:
    # Only the kind of failure: the database's own words may hold values.
    LOGGER.error("audit records could not be kept: %s, %d records", type(error).__name__, records)


@asynccontextmanager
async def open_ledger(
    address: str, *, ids: IdSource, limits: LedgerLimits, arrivals: Arrivals | None = None
) -> AsyncIterator[Ledger]:
    """A running ledger with a new chain on `address` (the ledger's login); drained and closed at the end."""
    connect = connect_ledger(address, seconds=limits.seconds)
    ledger = Ledger(ChainWriter(connect, chain_id=ids(), seconds=limits.seconds), limits, arrivals)
    try:
        await ledger.start()
        yield ledger
    finally:
        await ledger.close()
