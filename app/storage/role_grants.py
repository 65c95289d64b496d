"""Statements on grants of roles, inside a command's transaction.

Row security under the caller's signed context decides which rows there are; a row that it hides is absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from app.storage.pools import WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrant:
    """A grant as a command needs to see it; `version` counts its changes, from 1."""

    id: UUID
    account: str
    version: int
    is_ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """A grant to be written: of an agency, from one time to another (open where `valid_to` is none)."""

    id: UUID
    account: str
    role: str
    agency_id: UUID
    valid_from: datetime
    valid_to: datetime | None
    granted_by: str
    granted_at: datetime


async def insert_grant(session: WriteSession, grant: NewGrant) -> bool:
    """Write a grant; whether it was written (not, if the account holds the role in that time already)."""
    # Two that grant one right wait for each other here: checking an exclusion constraint, they would deadlock.
    await session.connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), 'grant', $1::text, $2::text, $3::text), 0))",
        grant.account,
        grant.role,
        str(grant.agency_id),
    )
    try:
        async with session.connection.transaction():
            await session.connection.execute(
                "INSERT INTO registry.grants (id, account, role, agency_id, valid, granted_by, granted_at) "
                "VALUES ($1, $2, $3, $4, tstzrange($5, $6), $7, $8)",
                grant.id,
                grant.account,
                grant.role,
                grant.agency_id,
                grant.valid_from,
                grant.valid_to,
                grant.granted_by,
                grant.granted_at,
            )
    except asyncpg.ExclusionViolationError:
        return False
    return True


async def find_grant(session: WriteSession, grant_id: UUID, now: datetime) -> StoredGrant | None:
    """The grant with that id, locked, if the caller may change it."""
    row = await session.connection.fetchrow(
        "SELECT id, account, revoked_at, upper(valid) <= $2 AS is_over FROM registry.grants WHERE id = $1 FOR UPDATE",
        grant_id,
        now,
    )
    if row is None:
        return None
    return StoredGrant(
        id=row["id"],
        account=row["account"],
        version=1 if row["revoked_at"] is None else 2,
        is_ended=row["revoked_at"] is not None or bool(row["is_over"]),
    )


async def end_grant(session: WriteSession, grant_id: UUID, *, by: str, now: datetime) -> None:
    """End a grant now; one that has not begun ends at its beginning."""
    await session.connection.execute(
        "UPDATE registry.grants SET valid = CASE WHEN lower(valid) < $2 THEN tstzrange(lower(valid), $2) "
        "ELSE 'empty'::tstzrange END, revoked_by = $3, revoked_at = $2 WHERE id = $1",
        grant_id,
        now,
        by,
    )
