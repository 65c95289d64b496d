"""Fills an empty registry for a measurement, by COPY, with every constraint checked before it is used.

INVARIANT: what is taken off for the load (indexes, keys, references, triggers) is put back as it was, or nothing stays.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from app.demo.population.agencies import InventedAgency, invent_agencies, write_agency
from app.demo.population.calibration import read_calibration
from app.demo.population.chance import Chance
from app.demo.population.names import read_names
from app.domain.clock import draw_random_id, read_system_clock
from app.registry.world.exchange import load_world
from app.registry.world.writing import encode_line, write_header
from app.settings import Settings
from app.storage.world.row_security import force_row_security, lift_row_security
from read_path.population import COLUMNS, Block, PeopleSource, Places
from read_path.sizes import MEASURED_AGENCIES, MOST_HIRERS, Sizes

if TYPE_CHECKING:
    import asyncpg

    Connection = asyncpg.Connection[asyncpg.Record]

Report = Callable[[str], None]
_SCHEMAS: Final = "('registry', 'matching')"
_LIST_CONSTRAINTS: Final = f"""
SELECT format('%I.%I', n.nspname, c.relname) AS "table", k.conname AS name, k.contype::text AS kind,
    pg_get_constraintdef(k.oid) AS text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN {_SCHEMAS} AND k.contype IN ('p', 'u', 'x', 'f') AND k.conparentid = 0
ORDER BY array_position(ARRAY['p', 'u', 'x', 'f'], k.contype::text), 1, 2
"""
_LIST_INDEXES: Final = f"""
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS text
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN {_SCHEMAS} AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY 1
"""
_SETTINGS: Final = ("maintenance_work_mem = '1GB'", "max_parallel_maintenance_workers = 2", "statement_timeout = 0")


def invent_places(sizes: Sizes) -> tuple[Places, list[bytes]]:
    """The agencies, and the lines of a world that holds them alone."""
    chance = Chance(sizes.seed)
    directory = invent_agencies(chance, read_calibration(), sizes.agencies)
    measured = directory.agencies[:MEASURED_AGENCIES]
    others = directory.agencies[MEASURED_AGENCIES:]
    drawn = random.Random(sizes.seed).sample(list(others), sizes.hirers)
    places = Places(measured=measured, hiring=drawn, others=others, weights=[float(agency.sworn) for agency in others])
    return places, [write_header(), *_write_agencies(directory.agencies)]


def _write_agencies(agencies: Sequence[InventedAgency]) -> Iterator[bytes]:
    today = read_system_clock().date()
    for agency in agencies:
        for line in write_agency(agency, today):
            yield encode_line(line)


async def seed(connection: Connection, settings: Settings, sizes: Sizes, report: Report) -> Places:
    """Fill the registry as the owner; `report` is told how far it is."""
    started = time.perf_counter()

    def tell(what: str) -> None:
        report(f"{time.perf_counter() - started:6.1f} s  {what}")

    places, lines = invent_places(sizes)
    await load_world(connection, settings, lines, clock=read_system_clock, ids=draw_random_id)
    tell(f"{sizes.agencies} agencies")
    people = PeopleSource(sizes, places, read_names(), read_calibration())
    for setting in _SETTINGS:
        await connection.execute(f"SET {setting}")
    async with connection.transaction():
        forced = await lift_row_security(connection)
        restore = await _strip(connection)
        await _copy_blocks(connection, people.draw_blocks(), tell, sizes)
        for statement in restore:
            await connection.execute(statement)
            tell(statement[:100])
        await force_row_security(connection, forced)
    await connection.execute("VACUUM (ANALYZE)")
    tell("analyzed")
    return places


async def _strip(connection: Connection) -> list[str]:
    """Take off what a row is checked against; gives the statements that put it back, which check all rows at once."""
    constraints = await connection.fetch(_LIST_CONSTRAINTS)
    indexes = await connection.fetch(_LIST_INDEXES)
    tables = list(COLUMNS)
    for each in reversed(constraints):
        await connection.execute(f'ALTER TABLE {each["table"]} DROP CONSTRAINT "{each["name"]}"')
    for each in indexes:
        await connection.execute(f"DROP INDEX {each['name']}")
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    keys = [each for each in constraints if each["kind"] != "f"]
    links = [each for each in constraints if each["kind"] == "f"]
    return [
        *(_add(each) for each in keys),
        *(each["text"] for each in indexes),
        *(_add(each) for each in links),
        *(f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables),
    ]


def _add(constraint: Any) -> str:
    return f'ALTER TABLE {constraint["table"]} ADD CONSTRAINT "{constraint["name"]}" {constraint["text"]}'


async def _copy_blocks(connection: Connection, blocks: Iterator[Block], tell: Report, sizes: Sizes) -> None:
    drawing = asyncio.create_task(asyncio.to_thread(next, blocks, None))
    done = 0
    while (block := await drawing) is not None:
        drawing = asyncio.create_task(asyncio.to_thread(next, blocks, None))
        for table, rows in block.rows.items():
            if rows:
                await _copy(connection, table, rows)
        done += len(block.rows["registry.officers"])
        if done % 50_000 == 0 or done == sizes.officers:
            tell(f"{done} officers")


async def _copy(connection: Connection, table: str, rows: Sequence[str]) -> None:
    schema, _, name = table.partition(".")

    async def stream() -> AsyncIterator[bytes]:
        yield ("\n".join(rows) + "\n").encode()

    await connection.copy_to_table(
        name,
        schema_name=schema,
        columns=[column.strip() for column in COLUMNS[table].split(",")],
        source=stream(),
        format="text",
    )


__all__ = ["MOST_HIRERS", "invent_places", "seed"]
