"""What a database says of its own installation: the policy its row security was written from, and its clock.

A process serves only while the database stands on the policy that it plans by.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]


async def read_policy_digest(connection: Connection) -> bytes | None:
    """The SHA-256 of the policy that row security was written from."""
    digest: bytes | None = await connection.fetchval("SELECT policy_sha256 FROM gate.read_installation()")
    return digest


async def read_clock_offset(connection: Connection) -> timedelta:
    """By how much the registry's clock is ahead of the system's (demo mode can move it)."""
    offset: timedelta | None = await connection.fetchval("SELECT clock_offset FROM gate.read_installation()")
    return offset or timedelta()
