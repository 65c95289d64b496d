"""Loads the chunks of a world into an empty registry by COPY, in one transaction: all of it or nothing.

INVARIANT: every constraint holds for what is loaded; the status history comes from the world, not from the trigger.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import asyncpg
from sqlalchemy import Select, Table, exists, select
from sqlalchemy.dialects import postgresql

from app.errors import SetupRefused
from app.settings import Settings
from app.storage.migrate import require_demo
from app.storage.tables.columns import MATCHING, REGISTRY
from app.storage.tables.everything import METADATA
from app.storage.tables.places import JURISDICTIONS
from app.storage.world.owner import Connection
from app.storage.world.refusals import explain_refusal
from app.storage.world.row_security import force_row_security, lift_row_security
from app.storage.world.rows import Chunk, TableRows

_LOCK: Final = 0x574F524C  # the letters WORL
_DIALECT: Final = postgresql.dialect()  # type: ignore[no-untyped-call]
_RANGES: Final = (postgresql.TSTZRANGE, postgresql.DATERANGE)


async def load_chunks(
    connection: Connection,
    settings: Settings,
    chunks: Iterable[Chunk],
    tables: tuple[Table, ...],
    *,
    clock: datetime | None,
) -> None:
    """Load all chunks as the owner; `tables` are those a world fills, in an order that references allow.

    `clock` moves the registry's time to that moment. Chunks are drawn in a thread of their own while the database
    works on the one before. Raises `SetupRefused` outside demo mode or where the registry is not empty, and
    `ImportRefused` naming the line at fault.
    """
    async with connection.transaction():
        await require_demo(connection, settings)
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        forced = await lift_row_security(connection)
        # Only now: under forced row security every registry would look empty.
        await require_empty(connection)
        # The trigger that writes status history stands back for the owner while this is on.
        await connection.execute("SELECT set_config('probity.loading', 'on', true)")
        await _copy_chunks(connection, iter(chunks), tables)
        await force_row_security(connection, forced)
        if clock is not None:
            await connection.execute(
                "UPDATE gate.installation SET clock_offset = date_trunc('second', $1 - now())", clock
            )
    await connection.execute(f"ANALYZE {', '.join(table.fullname for table in tables)}")


async def require_empty(connection: Connection) -> None:
    """Refuse a registry with anything in it but the public jurisdictions; raises `SetupRefused`."""
    for table in METADATA.sorted_tables:
        if table.schema in (REGISTRY, MATCHING) and await connection.fetchval(_ask_filled(table)):
            raise SetupRefused(
                "the registry is not empty; load a world into a database of its own (set PROBITY_HOME to a new folder)"
            )


def _ask_filled(table: Table) -> str:
    rows: Select[Any] = select(table)
    if table is JURISDICTIONS:
        rows = rows.where(table.c.level == "TRIBAL")
    asked = select(exists(rows.with_only_columns(table.c[0])))
    return str(asked.compile(dialect=_DIALECT, compile_kwargs={"literal_binds": True}))


async def _copy_chunks(connection: Connection, chunks: Iterator[Chunk], tables: tuple[Table, ...]) -> None:
    chunk = await asyncio.to_thread(next, chunks, None)
    while chunk is not None:
        drawing = asyncio.create_task(asyncio.to_thread(next, chunks, None))
        try:
            for table in tables:
                if rows := chunk.tables.get(table.fullname):
                    await _copy_rows(connection, table, rows)
        except BaseException:
            # The thread cannot be stopped: let it finish its chunk, whose own refusal no longer matters.
            await asyncio.wait([drawing])
            drawing.exception()
            raise
        chunk = await drawing


async def _copy_rows(connection: Connection, table: Table, rows: TableRows) -> None:
    try:
        await connection.copy_records_to_table(
            table.name,
            schema_name=table.schema,
            columns=rows.columns,
            records=_make_ranges(table, rows),
        )
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError) as error:
        raise explain_refusal(table.fullname, rows, error) from None


def _make_ranges(table: Table, rows: TableRows) -> Iterable[tuple[Any, ...]]:
    """The records with their range columns, which hold a first and a last end, as half-open ranges."""
    places = [i for i, name in enumerate(rows.columns) if isinstance(table.c[name].type, _RANGES)]
    if not places:
        return rows.records
    return (_with_ranges(record, places) for record in rows.records)


def _with_ranges(record: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    values = list(record)
    for place in places:
        if values[place] is None:
            continue
        first, last = values[place]
        values[place] = asyncpg.Range(first, last, lower_inc=first is not None)
    return tuple(values)
