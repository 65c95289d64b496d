"""Reads every audit chain from its beginning, as it stood at one moment, and has it verified.

It reads as the ledger's login in a transaction that cannot write, and keeps a few hundred records in memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg

from app.audit.chain import ChainHead, ChainRow, ItemRow
from app.audit.verification import ChainReport, ChainWalk, Fault, FaultKind
from app.errors import SetupRefused

if TYPE_CHECKING:
    from app.storage.ledger.rows import Connection

# The time as the server keeps it (microseconds since 2000, 8 bytes): no rounding, and no time that cannot be read.
_COLUMNS: Final = ", ".join(
    "timestamptz_send(at) AS at" if field.name == "at" else field.name for field in fields(ChainRow)
)
_READ_RECORDS: Final = f"SELECT {_COLUMNS} FROM audit.records ORDER BY chain_id, position"  # noqa: S608 - constants
_READ_ITEMS: Final = (
    "SELECT record_id, ordinal, officer_id, series_id, version FROM audit.items "
    "WHERE record_id = ANY($1::uuid[]) ORDER BY record_id, ordinal"
)
_FIND_STRAY: Final = (
    "SELECT EXISTS (SELECT FROM audit.items i WHERE NOT EXISTS (SELECT FROM audit.records r WHERE r.id = i.record_id))"
)
# Row security hides rows without a word: what is to be verified must be under a policy that lets this login see all.
_SEES_ALL: Final = """
SELECT bool_and(NOT row_security_active('audit.' || tablename) OR coalesce(sees_all, false))
FROM (VALUES ('records'), ('items')) AS audited (tablename)
LEFT JOIN (
    SELECT tablename, bool_or(permissive = 'PERMISSIVE' AND qual = 'true' AND current_user = ANY (roles))
        AND NOT bool_or(permissive = 'RESTRICTIVE') AS sees_all
    FROM pg_policies WHERE schemaname = 'audit' AND cmd IN ('ALL', 'SELECT') GROUP BY tablename
) AS policies USING (tablename)
"""
_RECORDS_AT_ONCE: Final = 500


async def verify_chains(address: str, *, expected: Iterable[ChainHead] = (), with_items: bool = True) -> ChainReport:
    """Walk every chain in the database at `address`; `expected` are heads saved earlier.

    `with_items=False` leaves the items unread, which verifies all that the records themselves say. Raises
    `SetupRefused` where the database cannot be read.
    """
    walk = ChainWalk(expected)
    async with _open_snapshot(address) as connection:
        if not await connection.fetchval(_SEES_ALL):
            raise SetupRefused("row security hides audit records from this login; run: probity db upgrade")
        async for row, items in _read_rows(connection, with_items=with_items):
            walk.visit(row, items)
        if with_items and await connection.fetchval(_FIND_STRAY):
            walk.blame(Fault(kind=FaultKind.STRAY_ITEM, chain_id=None, position=None))
    return walk.finish()


@asynccontextmanager
async def _open_snapshot(address: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A transaction that sees one moment and cannot write."""
    try:
        connection = await asyncpg.connect(address, server_settings={"application_name": "probity audit verify"})
    except (OSError, asyncpg.PostgresError, ValueError):
        raise SetupRefused("the database does not answer; check its address and password, or run doctor") from None
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection
    except (asyncpg.InvalidSchemaNameError, asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        raise SetupRefused("the audit tables cannot be read; run: probity db upgrade") from None
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
        raise SetupRefused("the database went away while the chains were read; run the command again") from None
    finally:
        await connection.close()


async def _read_rows(
    connection: asyncpg.Connection[Any], *, with_items: bool
) -> AsyncIterator[tuple[ChainRow, Sequence[ItemRow] | None]]:
    cursor = await connection.cursor(_READ_RECORDS)
    while found := await cursor.fetch(_RECORDS_AT_ONCE):
        rows = [_make_row(record) for record in found]
        items = await _read_items(connection, [row.id for row in rows]) if with_items else {}
        for row in rows:
            yield row, items.get(row.id, ()) if with_items else None


async def _read_items(connection: Connection, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ItemRow]]:
    items: defaultdict[UUID, list[ItemRow]] = defaultdict(list)
    for found in await connection.fetch(_READ_ITEMS, ids):
        record_id, *values = found
        items[record_id].append(ItemRow(*values))
    return items


def _make_row(found: asyncpg.Record) -> ChainRow:
    values = dict(found)
    # A column that somebody made nullable and emptied is a fault to be named, not one to stumble over.
    if values["at"] is not None:
        values["at"] = int.from_bytes(values["at"], signed=True)
    return ChainRow(**values)
