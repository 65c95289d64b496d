"""Row security and the owner: it is lifted for a load, which COPY could not do through it, and checked for a dump.

INVARIANT: only the owner's own exemption changes, and only inside the transaction; every other login stays bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from app.errors import SetupRefused
from app.storage.tables.everything import METADATA
from app.storage.world.owner import Connection

_FORCED: Final = (
    "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relrowsecurity AND c.relforcerowsecurity AND n.nspname || '.' || c.relname = ANY($1::text[])"
)
# A policy that applies to the owner: to everyone (role 0) or to it by name, for reading.
_POLICY: Final = (
    "SELECT FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_roles r ON r.rolname = current_user "
    "WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'r') AND p.polroles && ARRAY[r.oid, 0::oid]"
)


async def lift_row_security(connection: Connection) -> Sequence[str]:
    """Free the owner of row policies on every table, inside a transaction; gives the tables for `force_row_security`.

    Rolling the transaction back forces them again as well.
    """
    rows = await connection.fetch(f"{_FORCED} ORDER BY name", list(METADATA.tables))
    tables = [row["name"] for row in rows]
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    return tables


async def force_row_security(connection: Connection, tables: Sequence[str]) -> None:
    """Bind the owner to the row policies of `tables` again."""
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


async def require_full_sight(connection: Connection) -> None:
    """Refuse where a row policy could hide a row from the owner; raises `SetupRefused`."""
    sees_all = f"EXISTS ({_POLICY} AND p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true')"
    is_narrowed = f"EXISTS ({_POLICY} AND NOT p.polpermissive)"
    if await connection.fetch(f"{_FORCED} AND (NOT {sees_all} OR {is_narrowed})", list(METADATA.tables)):
        raise SetupRefused("row policies hide rows from the owner; put them in order with: probity db upgrade")
