"""Draws people in processes of their own and copies them into the registry, chunk after chunk.

INVARIANT: a chunk depends on sizes, seed and its place alone, so that any number of processes writes the same rows.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import asyncpg

from app.demo.population.calibration import read_calibration
from app.demo.population.names import read_names
from read_path.places import invent_places
from read_path.population import CHUNK, COLUMNS, DERIVED, PeopleSource
from read_path.sizes import Sizes

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_PART: Final = 2 * CHUNK
_TOLD: Final = 100_000


async def copy_people(address: str, sizes: Sizes, *, at_once: int, tell: Callable[[str], None]) -> None:
    """Copy every officer with all that hangs on him, in `at_once` processes; each part is a transaction of its own."""
    derived = await find_derived(address)
    if sizes.officers <= _PART:
        await _copy_part(address, _prepare_people(sizes, derived), 0, sizes.officers)
        return
    done = told = 0
    with ProcessPoolExecutor(at_once, mp_context=multiprocessing.get_context("spawn")) as processes:
        loop = asyncio.get_running_loop()
        parts = [
            loop.run_in_executor(processes, copy_part, address, sizes, derived, first)
            for first in range(0, sizes.officers, _PART)
        ]
        for part in asyncio.as_completed(parts):
            done += await part
            if done - told >= _TOLD or done == sizes.officers:
                tell(f"{done:,} officers")
                told = done


async def find_derived(address: str) -> tuple[str, ...]:
    """Which of the columns that triggers keep this registry has, in the order in which they are written."""
    connection = await asyncpg.connect(address)
    try:
        rows = await connection.fetch(
            "SELECT attname::text AS name FROM pg_attribute "
            "WHERE attrelid = 'registry.outcome_series'::regclass AND attnum > 0 AND NOT attisdropped"
        )
    finally:
        await connection.close()
    there = {row["name"] for row in rows}
    return tuple(name for name in DERIVED if name in there)


def copy_part(address: str, sizes: Sizes, derived: tuple[str, ...], first: int) -> int:
    """Draw and copy the officers of one part; gives how many."""
    return asyncio.run(_copy_part(address, _prepare_people(sizes, derived), first, min(_PART, sizes.officers - first)))


@lru_cache(maxsize=1)
def _prepare_people(sizes: Sizes, derived: tuple[str, ...]) -> PeopleSource:
    return PeopleSource(sizes, invent_places(sizes)[0], read_names(), read_calibration(), derived)


async def _copy_part(address: str, people: PeopleSource, first: int, count: int) -> int:
    connection = await asyncpg.connect(address, server_settings={"synchronous_commit": "off", "statement_timeout": "0"})
    try:
        async with connection.transaction():
            for start in range(first, first + count, CHUNK):
                block = people.draw_block(start)
                for table, rows in block.rows.items():
                    if rows:
                        await _copy(connection, table, people.list_columns(table), rows)
    finally:
        await connection.close()
    return count


async def _copy(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[str]) -> None:
    schema, _, name = table.partition(".")

    async def stream() -> AsyncIterator[bytes]:
        yield ("\n".join(rows) + "\n").encode()

    await connection.copy_to_table(name, schema_name=schema, columns=columns, source=stream(), format="text")


__all__ = ["COLUMNS", "copy_part", "copy_people"]
