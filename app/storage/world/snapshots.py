"""One unchanging view of the registry for a dump.

INVARIANT: a snapshot changes nothing, locks nothing against others, and sees every row or fails.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from app.storage.world.owner import Connection
from app.storage.world.row_security import require_full_sight


@asynccontextmanager
async def snapshot(connection: Connection) -> AsyncIterator[None]:
    """A transaction that sees one state of the registry throughout; raises `SetupRefused` if not all of it."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await require_full_sight(connection)
        yield


async def read_moved_clock(connection: Connection, now: datetime) -> datetime | None:
    """The registry's time at `now`, where it was moved; None where it goes with the system's."""
    offset = await connection.fetchval("SELECT clock_offset FROM gate.installation")
    return now + offset if offset != timedelta(0) else None
