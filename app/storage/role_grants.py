"""Statements on grants of roles, inside the transaction of a command or of set-up.

In a command, row security under the caller's signed context decides which rows there are; what it hides is absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]


class GrantResult(Enum):
    """What became of a grant that was to be written."""

    WRITTEN = "written"
    # The account holds the role in that time already.
    HELD = "held"
    # There is no such officer or body.
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrant:
    """A grant as a command needs to see it; `version` counts its changes, from 1."""

    id: UUID
    account: str
    role: str
    agency_id: UUID | None
    officer_id: UUID | None
    version: int
    is_ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrant:
    """A grant to be written: where it holds, from one time to another (open where `valid_to` is none)."""

    id: UUID
    account: str
    role: str
    agency_id: UUID | None = None
    state_code: str | None = None
    officer_id: UUID | None = None
    body_id: UUID | None = None
    valid_from: datetime
    valid_to: datetime | None
    granted_by: str
    granted_at: datetime


async def insert_grant(connection: Connection, grant: NewGrant) -> GrantResult:
    """Write a grant, or say why it cannot be."""
    # Two that grant one right wait for each other here: checking an exclusion constraint, they would deadlock.
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), 'grant', $1::text, $2::text), 0))",
        grant.account,
        grant.role,
    )
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO registry.grants (id, account, role, agency_id, state_code, officer_id, body_id, valid, "
                "granted_by, granted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, tstzrange($8, $9), $10, $11)",
                grant.id,
                grant.account,
                grant.role,
                grant.agency_id,
                grant.state_code,
                grant.officer_id,
                grant.body_id,
                grant.valid_from,
                grant.valid_to,
                grant.granted_by,
                grant.granted_at,
            )
    except asyncpg.ExclusionViolationError:
        return GrantResult.HELD
    except asyncpg.ForeignKeyViolationError:
        return GrantResult.NOWHERE
    return GrantResult.WRITTEN


async def find_agency(connection: Connection, ori: str) -> UUID | None:
    """The agency that has an ORI."""
    found: UUID | None = await connection.fetchval("SELECT agency_id FROM registry.agency_oris WHERE ori = $1", ori)
    return found


async def find_grant(connection: Connection, grant_id: UUID, now: datetime) -> StoredGrant | None:
    """The grant with that id, locked, if the caller may change it."""
    row = await connection.fetchrow(
        "SELECT id, account, role, agency_id, officer_id, revoked_at, "
        "isempty(valid) OR coalesce(upper(valid) <= $2, false) AS is_over "
        "FROM registry.grants WHERE id = $1 FOR UPDATE",
        grant_id,
        now,
    )
    if row is None:
        return None
    return StoredGrant(
        id=row["id"],
        account=row["account"],
        role=row["role"],
        agency_id=row["agency_id"],
        officer_id=row["officer_id"],
        version=1 if row["revoked_at"] is None else 2,
        is_ended=row["revoked_at"] is not None or bool(row["is_over"]),
    )


async def end_grant(connection: Connection, grant_id: UUID, *, by: str, now: datetime) -> None:
    """End a grant now; one that has not begun ends at its beginning."""
    await connection.execute(
        "UPDATE registry.grants SET valid = CASE WHEN lower(valid) < $2 THEN tstzrange(lower(valid), $2) "
        "ELSE 'empty'::tstzrange END, revoked_by = $3, revoked_at = $2 WHERE id = $1",
        grant_id,
        now,
        by,
    )
