"""The one hand that writes a chain: each batch is one transaction, durable before it is acknowledged.

INVARIANT: the head moves only after a commit; after any failure it is read anew from the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg

from app.audit.chain import ChainHead, seal_records, start_chain
from app.audit.records import AuditRecord
from app.storage.ledger.rows import AppendedRecord, describe_appended, insert_records

if TYPE_CHECKING:
    Connect = Callable[[], Awaitable[asyncpg.Connection[Any]]]

# The acknowledged end of the chain and whatever stands after it.
_READ_FROM: Final = "SELECT position, hash FROM audit.records WHERE chain_id = $1 AND position >= $2 ORDER BY position"

# How a database fails that cannot be reached or goes away; a timeout is an OSError.
FAILURES: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class ChainCut(Exception):
    """The database no longer holds a record that was acknowledged, as after a restore of a backup."""


class ChainWriter:
    """Writes one chain through one connection, which it opens when needed; for one task at a time."""

    __slots__ = ("_connect", "_connection", "_head", "_seconds")

    def __init__(self, connect: Connect, *, chain_id: UUID, seconds: float) -> None:
        self._connect = connect
        self._connection: asyncpg.Connection[Any] | None = None
        # The last record whose commit was confirmed to us.
        self._head = start_chain(chain_id)
        self._seconds = seconds

    @property
    def head(self) -> ChainHead:
        """The end of the chain as far as commits were confirmed."""
        return self._head

    async def prepare(self) -> None:
        """Open the connection, so that the first batch does not wait for it."""
        async with asyncio.timeout(self._seconds):
            await self._ensure_connection()

    async def write(self, records: Sequence[AuditRecord]) -> list[AppendedRecord]:
        """Append the records in one transaction and return once it is durable.

        Whatever is raised, none of them may be taken as stored: the connection is given up, and the next batch
        begins where the database says that the chain ends, since a commit whose answer was lost may have landed.
        """
        try:
            async with asyncio.timeout(self._seconds):
                connection = await self._ensure_connection()
                sealed = seal_records(self._head, records)
                await insert_records(connection, sealed)
        except BaseException:
            self._give_up_connection()
            raise
        self._head = sealed[-1].row.head
        return [describe_appended(entry) for entry in sealed]

    async def close(self) -> None:
        """Close the connection, by force if the server does not answer in time."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close(timeout=self._seconds)
            except FAILURES:
                connection.terminate()

    async def _ensure_connection(self) -> asyncpg.Connection[Any]:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        connection = await self._connect()
        try:
            self._head = await _find_head(connection, self._head)
        except BaseException:
            connection.terminate()
            raise
        self._connection = connection
        return connection

    def _give_up_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


async def _find_head(connection: asyncpg.Connection[Any], confirmed: ChainHead) -> ChainHead:
    """The end of the chain in the database; raises `ChainCut` if what was confirmed is not in it."""
    rows = await connection.fetch(_READ_FROM, confirmed.chain_id, confirmed.position)
    if confirmed.position > 0 and (not rows or tuple(rows[0]) != (confirmed.position, confirmed.hash)):
        raise ChainCut("a confirmed record is missing; verify the chains before going on")
    if not rows:
        return confirmed
    return ChainHead(chain_id=confirmed.chain_id, position=rows[-1]["position"], hash=rows[-1]["hash"])


def connect_ledger(address: str, *, seconds: float) -> Connect:
    """How the ledger's login connects: every commit waits for the disk, no statement waits for ever."""

    async def connect() -> asyncpg.Connection[Any]:
        return await asyncpg.connect(
            address,
            timeout=seconds,
            server_settings={
                "application_name": "probity ledger",
                # INVARIANT: an acknowledged record survives a crash of the server.
                "synchronous_commit": "on",
                "statement_timeout": str(int(seconds * 1000)),
                # One statement, always the same: planned once, whatever the number of records in it.
                "plan_cache_mode": "force_generic_plan",
            },
        )

    return connect
