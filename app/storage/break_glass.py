"""Statements on break-glass accesses, inside a command's transaction.

Nothing here can see what an access names; triggers of the database judge that, and tell everyone concerned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from app.storage.pools import WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccess:
    """A request to be written."""

    id: UUID
    series_id: UUID
    account: str
    case_number: str
    reason: str
    hours: int
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccess:
    """An access as a command needs to see it; `version` counts its changes, from 1 (asked for)."""

    id: UUID
    account: str
    approved_by: str | None
    requested_at: datetime
    version: int
    is_over: bool

    @property
    def is_approved(self) -> bool:
        """Whether somebody has approved it."""
        return self.approved_by is not None


async def insert_access(session: WriteSession, access: NewAccess) -> None:
    """Write a request down."""
    await session.connection.execute(
        "INSERT INTO registry.break_glass_accesses "
        "(id, series_id, account, case_number, reason, hours, requested_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        access.id,
        access.series_id,
        access.account,
        access.case_number,
        access.reason,
        access.hours,
        access.requested_at,
    )


async def find_access(session: WriteSession, access_id: UUID, now: datetime) -> StoredAccess | None:
    """The access with that id, locked, if the caller may change it; `is_over` where it was ended or its hours are."""
    row = await session.connection.fetchrow(
        "SELECT id, account, approved_by, requested_at, ended_by, "
        "ended_by IS NOT NULL OR isempty(valid) OR coalesce(upper(valid) <= $2, false) AS is_over "
        "FROM registry.break_glass_accesses WHERE id = $1 FOR UPDATE",
        access_id,
        now,
    )
    if row is None:
        return None
    return StoredAccess(
        id=row["id"],
        account=row["account"],
        approved_by=row["approved_by"],
        requested_at=row["requested_at"],
        version=1 + (row["approved_by"] is not None) + (row["ended_by"] is not None),
        is_over=bool(row["is_over"]),
    )


async def approve_access(session: WriteSession, access: StoredAccess, *, by: str, now: datetime) -> bool:
    """Open what was asked for, for its hours; false where the database finds nothing that may be opened."""
    try:
        async with session.connection.transaction():
            await session.connection.execute(
                "UPDATE registry.break_glass_accesses SET approved_by = $2, approved_at = $3, "
                "valid = tstzrange($3, $3::timestamptz + make_interval(hours => hours)) WHERE id = $1",
                access.id,
                by,
                now,
            )
    except asyncpg.RestrictViolationError:
        return False
    return True


async def end_access(session: WriteSession, access_id: UUID, *, by: str, now: datetime) -> None:
    """End an access now; one that was not approved stays without hours."""
    await session.connection.execute(
        "UPDATE registry.break_glass_accesses SET ended_by = $3, ended_at = $2, "
        "valid = CASE WHEN lower(valid) < $2 THEN tstzrange(lower(valid), $2) "
        "WHEN valid IS NOT NULL THEN 'empty'::tstzrange END WHERE id = $1",
        access_id,
        now,
        by,
    )
