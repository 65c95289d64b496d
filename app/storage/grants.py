"""Grants of roles as they are looked up: one account's live right, read for each request.

A grant that has ended is never renewed here; it takes a new one, given by someone who may.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from app.domain.vocabulary import Role
from app.errors import SetupRefused
from app.identity.claims import VerifiedClaims
from app.identity.principal import HeldGrant

if TYPE_CHECKING:
    import asyncpg

    from app.storage.installation import Connection

DEMO_GRANTER = "demo-issuer"


async def find_held_grant(connection: Connection, claims: VerifiedClaims, now: datetime) -> HeldGrant | None:
    """The live grant that agrees with the claims in everything, or none."""
    if claims.role is Role.PUBLIC:
        return None
    row = await connection.fetchrow(
        "SELECT * FROM gate.find_grant($1, $2, $3, $4, $5, $6)",
        claims.account,
        claims.role.value,
        claims.agency_ori,
        claims.state_code,
        claims.officer_id,
        now,
    )
    if row is None:
        return None
    return HeldGrant(
        id=row["id"],
        account=claims.account,
        role=claims.role,
        agency_id=row["agency_id"],
        agency_ori=claims.agency_ori if row["agency_id"] is not None else None,
        state_code=row["state_code"],
        officer_id=row["officer_id"],
        body_id=row["body_id"],
    )


async def ensure_demo_grant(
    connection: asyncpg.Connection[Any],
    *,
    account: str,
    role: Role,
    agency_ori: str | None,
    state_code: str | None,
    officer_id: UUID | None,
) -> bool:
    """Give a demo account a role that it never had in that place, as the owner; whether it holds the role now.

    An account of a credentialing body acts for the first of them by name. Raises `SetupRefused` where the agency,
    the officer or any body does not exist.
    """
    agency_id = await _find_agency(connection, agency_ori) if agency_ori is not None else None
    if officer_id is not None and not await connection.fetchval(
        "SELECT EXISTS (SELECT FROM registry.officers WHERE id = $1)", officer_id
    ):
        raise SetupRefused("no officer has this id; load a world first")
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('demo-grants', 0))")
        held = await connection.fetch(
            "SELECT valid @> now() + (SELECT clock_offset FROM gate.installation) AS live FROM registry.grants "
            "WHERE account = $1 AND role = $2 AND agency_id IS NOT DISTINCT FROM $3 "
            "AND state_code IS NOT DISTINCT FROM $4 AND officer_id IS NOT DISTINCT FROM $5",
            account,
            role.value,
            agency_id,
            state_code,
            officer_id,
        )
        if held:
            return any(row["live"] for row in held)
        await connection.execute(
            "INSERT INTO registry.grants "
            "(id, account, role, agency_id, state_code, officer_id, body_id, valid, granted_by) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, tstzrange(now() - interval '1 minute', NULL), $8)",
            uuid4(),
            account,
            role.value,
            agency_id,
            state_code,
            officer_id,
            await _find_first_body(connection) if role is Role.CREDENTIALING_BODY else None,
            DEMO_GRANTER,
        )
    return True


async def _find_agency(connection: asyncpg.Connection[Any], ori: str) -> UUID:
    found: UUID | None = await connection.fetchval("SELECT agency_id FROM registry.agency_oris WHERE ori = $1", ori)
    if found is None:
        raise SetupRefused("no agency has this ORI; load a world or import agencies first")
    return found


async def _find_first_body(connection: asyncpg.Connection[Any]) -> UUID:
    found: UUID | None = await connection.fetchval("SELECT id FROM registry.credentialing_bodies ORDER BY name LIMIT 1")
    if found is None:
        raise SetupRefused("no credentialing body is known; load a world with one first")
    return found
