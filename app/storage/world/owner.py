"""The owner's connection, with which worlds are loaded and dumped.

It is opened for one piece of work and closed after it; no request is ever served on it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg

from app.storage.cluster import Addresses

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


@asynccontextmanager
async def connected_owner(addresses: Addresses) -> AsyncIterator[Connection]:
    """A connection as the owner; raises `SetupRefused` where this process was not given the owner's address."""
    connection = await asyncpg.connect(addresses.require_owner())
    try:
        yield connection
    finally:
        await connection.close()
