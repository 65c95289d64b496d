"""The login of the variants that are not Probity: it reads everything, and row security does not bind it.

It exists in a measured database only, and only a superuser of that database can make it.
"""

from __future__ import annotations

from typing import Final

import asyncpg

from app.storage.embedded import EmbeddedCluster

NAME: Final = "measured_plain"
_PASSWORD: Final = "measured-plain-only"  # noqa: S105 - of a login in a throw-away database


async def ensure_plain_login(cluster: EmbeddedCluster, database: str) -> str:
    """Make the login where there is none; gives its address."""
    address = cluster.url(user=cluster.superuser, password=cluster.superuser_password, database=database)
    connection = await asyncpg.connect(address)
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", NAME):
            await connection.execute(f"CREATE ROLE {NAME} LOGIN BYPASSRLS PASSWORD '{_PASSWORD}'")
        await connection.execute(f"GRANT USAGE ON SCHEMA registry TO {NAME}")
        await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA registry TO {NAME}")
    finally:
        await connection.close()
    return cluster.url(user=NAME, password=_PASSWORD, database=database)
