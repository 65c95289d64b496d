"""What a row is checked against (keys, references, exclusions, indexes, triggers), taken off and put back as it was.

INVARIANT: what is put back checks every row; a registry in which anything is still off is never measured.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

_SCHEMAS: Final = "('registry', 'matching')"
_LIST_CONSTRAINTS: Final = f"""
SELECT format('%I.%I', n.nspname, c.relname) AS "table", k.conname AS name, k.contype::text AS kind,
    pg_get_constraintdef(k.oid) AS text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN {_SCHEMAS} AND k.contype IN ('p', 'u', 'x', 'f') AND k.conparentid = 0
ORDER BY array_position(ARRAY['x', 'p', 'u', 'f'], k.contype::text), 1, 2
"""
_LIST_INDEXES: Final = f"""
SELECT format('%I.%I', n.nspname, c.relname) AS "table", i.indexrelid::regclass::text AS name,
    pg_get_indexdef(i.indexrelid) AS text
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN {_SCHEMAS} AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) ORDER BY 1, 2
"""
_MEASURE_TABLES: Final = f"""
SELECT format('%I.%I', n.nspname, c.relname) AS name, pg_relation_size(c.oid) AS size
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname IN {_SCHEMAS}
"""
_SETTINGS: Final = {
    "maintenance_work_mem": "512MB",
    # Both cores have a table of their own to work on.
    "max_parallel_maintenance_workers": "0",
    "statement_timeout": "0",
    "synchronous_commit": "off",
}
# An exclusion costs about this much of an index: each row is looked up in it.
_EXCLUSION: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """The catalogue's text of what was taken off, in the order in which it goes back; the tables that were filled."""

    constraints: Sequence[Any]
    indexes: Sequence[Any]
    tables: Sequence[str]


async def strip(connection: Connection, tables: Sequence[str]) -> Definitions:
    """Take off all constraints but checks, all indexes, and the triggers of `tables`; inside a transaction."""
    constraints = await connection.fetch(_LIST_CONSTRAINTS)
    indexes = await connection.fetch(_LIST_INDEXES)
    for each in sorted(constraints, key=lambda each: each["kind"] != "f"):
        await connection.execute(f'ALTER TABLE {each["table"]} DROP CONSTRAINT "{each["name"]}"')
    for each in indexes:
        await connection.execute(f"DROP INDEX {each['name']}")
    for table in tables:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    return Definitions(constraints=constraints, indexes=indexes, tables=tables)


async def restore(address: str, definitions: Definitions, *, at_once: int, tell: Callable[[str], None]) -> None:
    """Put all of it back as the owner, `at_once` tables at a time, and gather statistics."""
    keys = [each for each in definitions.constraints if each["kind"] != "f"]
    links = [each for each in definitions.constraints if each["kind"] == "f"]
    jobs: dict[str, list[str]] = {}
    weights: dict[str, int] = {}
    sizes = await _measure_tables(address)
    for each in (*keys, *definitions.indexes):
        is_constraint = "kind" in each
        jobs.setdefault(each["table"], []).append(_add(each) if is_constraint else each["text"])
        cost = _EXCLUSION if is_constraint and each["kind"] == "x" else 1
        weights[each["table"]] = weights.get(each["table"], 0) + sizes.get(each["table"], 0) * cost
    await _run_jobs(address, _put_longest_first(jobs, weights), at_once)
    tell("keys, exclusions and indexes")
    # Written down without a look at the rows, which takes no time; then every row is checked, table beside table.
    await _run_jobs(address, [[f"{_add(each)} NOT VALID" for each in links]], 1)
    checks: dict[str, list[str]] = {}
    for each in links:
        checks.setdefault(each["table"], []).append(f'ALTER TABLE {each["table"]} VALIDATE CONSTRAINT "{each["name"]}"')
    await _run_jobs(address, _put_longest_first(checks, sizes), at_once)
    tell("references")
    await _run_jobs(address, [[f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in definitions.tables]], 1)
    analysed = {table: [f"VACUUM (ANALYZE, PARALLEL 0) {table}"] for table in sizes}
    await _run_jobs(address, _put_longest_first(analysed, sizes), at_once)
    tell("statistics")


def _add(constraint: Any) -> str:
    return f'ALTER TABLE {constraint["table"]} ADD CONSTRAINT "{constraint["name"]}" {constraint["text"]}'


def _put_longest_first(jobs: dict[str, list[str]], weights: dict[str, int]) -> list[list[str]]:
    return [jobs[table] for table in sorted(jobs, key=lambda table: -weights.get(table, 0))]


async def _measure_tables(address: str) -> dict[str, int]:
    """The bytes of each table."""
    connection = await asyncpg.connect(address)
    try:
        rows = await connection.fetch(_MEASURE_TABLES)
        return {row["name"]: row["size"] for row in rows}
    finally:
        await connection.close()


async def _run_jobs(address: str, jobs: Sequence[Sequence[str]], at_once: int) -> None:
    """Run the statements of each job in their order, some jobs at a time; a fault ends all."""
    waiting = list(reversed(jobs))

    async def work() -> None:
        connection = await asyncpg.connect(address, server_settings=_SETTINGS)
        try:
            while waiting:
                for statement in waiting.pop():
                    await connection.execute(statement)
        finally:
            await connection.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(work())


__all__ = ["Definitions", "restore", "strip"]
