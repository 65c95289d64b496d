"""Import batches: one for each file of a source, with how far it has come and what became of its rows.

INVARIANT: a batch's progress is saved in the transaction that keeps its rows, so a killed import goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias
from uuid import UUID

import asyncpg

from app.domain.intake import ImportKind
from app.errors import ImportRefused

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
_LOST: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    ConnectionError,
)
# One merge at a time, whatever the source: two sources may bring the same officer.
_MERGE_LOCK: Final = 0x494D504F  # the letters IMPO


class Scope(StrEnum):
    """Whether good rows are kept as they come, or the whole file or nothing."""

    ROWS = "rows"
    FILE = "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchKey:
    """What makes two imports the same: the file's and the mapping's sha256, and who says so."""

    kind: ImportKind
    source: str
    file_sha256: bytes
    mapping_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A batch as it stands; `rows_done` and `counts` are those of an import that was interrupted."""

    id: UUID
    key: BatchKey
    rows_done: int
    counts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedImport:
    """What an audit record says of an import: no row, no person."""

    batch_id: UUID
    key: BatchKey
    scope: Scope
    at: datetime
    counts: Mapping[str, Any]


RecordImport: TypeAlias = Callable[[Connection, FinishedImport], Awaitable[None]]


@asynccontextmanager
async def open_importer(address: str) -> AsyncIterator[Connection]:
    """A connection for one import; raises `ImportRefused` where the database fails it.

    Every statement is planned afresh: a plan made while the tables were empty would scan them when they are full.
    """
    settings = {"application_name": "probity-import", "plan_cache_mode": "force_custom_plan"}
    try:
        connection: Connection = await asyncpg.connect(address, server_settings=settings)
        try:
            yield connection
        finally:
            await connection.close()
    # INVARIANT: what the driver or the server says may quote a row, so none of it goes on.
    except _LOST:
        raise ImportRefused(
            "the connection to the database was lost; run the command again, and it goes on where it was"
        ) from None
    except asyncpg.PostgresError as fault:
        raise ImportRefused(
            f"the database refused the import with SQLSTATE {fault.sqlstate}; what was kept before is whole"
        ) from None


async def lock_source(connection: Connection, source: str) -> bool:
    """Whether this connection now holds the source, until it closes; another import of it may be running."""
    number = int.from_bytes(hashlib.sha256(source.encode()).digest()[:8], signed=True)
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", number))


async def lock_merge(connection: Connection) -> None:
    """Wait until no other import is merging; held until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _MERGE_LOCK)


async def find_interrupted(connection: Connection, key: BatchKey) -> Scope | None:
    """The scope of an import of the same file that never finished, if there is one."""
    scope = await connection.fetchval(
        "SELECT transaction_scope FROM registry.import_batches WHERE kind = $1 AND source = $2 AND file_sha256 = $3"
        " AND mapping_sha256 = $4 AND finished_at IS NULL",
        *_list_key(key),
    )
    return None if scope is None else Scope(scope)


async def open_batch(connection: Connection, key: BatchKey, scope: Scope, *, new_id: UUID, at: datetime) -> Batch:
    """The batch of this file: the interrupted one as it was left, else a new one, or a finished one begun again."""
    row = await connection.fetchrow(_OPEN_BATCH, new_id, *_list_key(key), scope.value, at)
    if row is None:
        raise LookupError("an upserted batch is always returned")
    return Batch(id=row["id"], key=key, rows_done=row["rows_done"], counts=json.loads(row["counts"]))


async def save_progress(connection: Connection, batch: Batch, rows_done: int, counts: Mapping[str, Any]) -> None:
    """Write down how many rows are dealt with and what became of them."""
    await connection.execute(
        "UPDATE registry.import_batches SET rows_done = $2, counts = $3::jsonb WHERE id = $1",
        batch.id,
        rows_done,
        json.dumps(counts, sort_keys=True),
    )


async def finish_batch(connection: Connection, finished: FinishedImport, record: RecordImport) -> None:
    """Close the batch and write its audit record, both in the caller's transaction."""
    await connection.execute(
        "UPDATE registry.import_batches SET finished_at = $2 WHERE id = $1", finished.batch_id, finished.at
    )
    await record(connection, finished)


def _list_key(key: BatchKey) -> tuple[str, str, bytes, bytes]:
    return key.kind.value, key.source, key.file_sha256, key.mapping_sha256


_OPEN_BATCH: Final = """
INSERT INTO registry.import_batches AS b
    (id, kind, source, file_sha256, mapping_sha256, transaction_scope, rows_done, counts, started_at)
VALUES ($1, $2, $3, $4, $5, $6, 0, '{}', $7)
ON CONFLICT (kind, source, file_sha256, mapping_sha256) DO UPDATE SET
    transaction_scope = excluded.transaction_scope,
    started_at = CASE WHEN b.finished_at IS NULL THEN b.started_at ELSE excluded.started_at END,
    rows_done = CASE WHEN b.finished_at IS NULL THEN b.rows_done ELSE 0 END,
    counts = CASE WHEN b.finished_at IS NULL THEN b.counts ELSE '{}' END,
    finished_at = NULL
RETURNING b.id, b.rows_done, b.counts::text AS counts
"""
