"""Statements by which the operator finds what he names: grants as they stand, and bodies by their name.

They are run as the owner, at the console; no request reads through them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedGrant:
    """A grant with its place in words; `holds` where it does at the moment asked for."""

    id: UUID
    account: str
    role: str
    agency: str | None
    state_code: str | None
    officer_id: UUID | None
    body: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    granted_by: str
    revoked_by: str | None
    holds: bool


_LISTED = """
SELECT g.id, g.account, g.role, coalesce((
        SELECT min(o.ori) FROM registry.agency_oris o WHERE o.agency_id = g.agency_id), g.agency_id::text) AS agency,
    g.state_code, g.officer_id, b.name AS body, lower(g.valid) AS valid_from, upper(g.valid) AS valid_to,
    g.granted_by, g.revoked_by, g.valid @> $1::timestamptz AS holds
FROM registry.grants g LEFT JOIN registry.credentialing_bodies b ON b.id = g.body_id
WHERE ($2::text IS NULL OR g.account = $2) AND ($3::text IS NULL OR g.role = $3)
    AND ($4::boolean OR g.valid @> $1::timestamptz)
ORDER BY g.account, g.role, lower(g.valid), g.id
"""


async def list_grants(
    connection: Connection, now: datetime, *, account: str | None, role: str | None, with_ended: bool
) -> list[ListedGrant]:
    """Grants that hold at `now` (or ever, `with_ended`), of one account or role if named."""
    rows = await connection.fetch(_LISTED, now, account, role, with_ended)
    return [ListedGrant(**dict(row)) for row in rows]


async def find_bodies(connection: Connection, name: str) -> list[UUID]:
    """The credentialing bodies of that name."""
    rows = await connection.fetch("SELECT id FROM registry.credentialing_bodies WHERE name = $1", name)
    return [row["id"] for row in rows]
