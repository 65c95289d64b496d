"""Statements on exports: asking for one, working at it under a lease, and what became of it.

INVARIANT: whoever writes progress or an end does it under his own lease; a lease that was lost writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import asyncpg

from app.domain.vocabulary import ExportFailure, ExportFormat, ExportState, Role
from app.errors import ErrorCode, ProbityError
from app.identity.principal import HeldGrant
from app.storage.pools import FAILURES, ContextLapsed, ReadSession, WriteSession

if TYPE_CHECKING:
    Connection = asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]

CHUNK_SECONDS: Final = 20.0
# For one transaction: whose statement it is, planned for where in the table it begins, with time for a busy server.
SET_CHUNK: Final = (
    "SELECT set_config('probity.context', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true), "
    f"set_config('statement_timeout', '{int(CHUNK_SECONDS * 1000)}', true)"
)
_COLUMNS = (
    "id, account, format, question, state, failure, requested_at, started_at, expires_at, rows_estimated, rows_done, "
    "size_bytes, sha256, attempts"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredExport:
    """One export as work and downloads need it; `question` is the JSON text of the filter."""

    id: UUID
    account: str
    format: ExportFormat
    question: str
    state: ExportState
    failure: ExportFailure | None
    requested_at: datetime
    started_at: datetime | None
    expires_at: datetime | None
    rows_estimated: int | None
    rows_done: int
    size_bytes: int | None
    sha256: bytes | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedFile:
    """The file of an export: its size in bytes, its SHA-256 and its rows."""

    rows: int
    size_bytes: int
    sha256: bytes


async def count_open(session: WriteSession, account: str, now: datetime) -> tuple[int, int]:
    """How many exports of the account wait or run, and how many of its files are kept; the next to ask waits here."""
    await session.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('exports' || $1, 0))", account)
    row = await session.connection.fetchrow(
        "SELECT count(*) FILTER (WHERE state IN ('QUEUED', 'RUNNING')) AS open, "
        "count(*) FILTER (WHERE state = 'READY' AND expires_at > $2) AS kept "
        "FROM registry.analysis_exports WHERE account = $1",
        account,
        now,
    )
    return (row["open"], row["kept"]) if row is not None else (0, 0)


async def insert_export(
    session: WriteSession, *, id: UUID, account: str, format: ExportFormat, question: str, now: datetime
) -> None:
    """Write down what was asked for."""
    await session.connection.execute(
        "INSERT INTO registry.analysis_exports (id, account, format, question, requested_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        id,
        account,
        format.value,
        question,
        now,
    )


async def cancel_export(session: WriteSession, export_id: UUID, account: str, now: datetime) -> bool | None:
    """End an export of the account's own: true if it was, false if it had ended, none if there is none."""
    row = await session.connection.fetchrow(
        "SELECT state FROM registry.analysis_exports WHERE id = $1 AND account = $2 FOR UPDATE", export_id, account
    )
    if row is None:
        return None
    if row["state"] not in {ExportState.QUEUED, ExportState.RUNNING, ExportState.READY}:
        return False
    await session.connection.execute(
        "UPDATE registry.analysis_exports SET state = 'CANCELLED', finished_at = coalesce(finished_at, $2), "
        "leased_to = NULL, leased_until = NULL WHERE id = $1",
        export_id,
        now,
    )
    return True


async def claim_export(connection: Connection, worker: UUID, now: datetime, until: datetime) -> StoredExport | None:
    """The export that has waited longest and that nobody works at, leased to `worker`; none if there is none."""
    row = await connection.fetchrow(
        "UPDATE registry.analysis_exports e SET state = 'RUNNING', leased_to = $1, leased_until = $3, "
        "attempts = attempts + 1, started_at = coalesce(started_at, $2) "
        "WHERE id = (SELECT id FROM registry.analysis_exports WHERE state IN ('QUEUED', 'RUNNING') "
        "AND (leased_until IS NULL OR leased_until <= $2) ORDER BY requested_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) "
        "RETURNING id",
        worker,
        now,
        until,
    )
    return None if row is None else await _find(connection, row["id"])


async def _find(connection: Connection, export_id: UUID) -> StoredExport:
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM registry.analysis_exports WHERE id = $1",  # noqa: S608 - own names
        export_id,
    )
    return _read(row)


async def note_progress(
    connection: Connection, export: UUID, worker: UUID, until: datetime, *, rows: int, estimated: int | None
) -> bool:
    """Keep the lease and note the rows done; false where the lease, or the export, is no longer the worker's."""
    done = await connection.execute(
        "UPDATE registry.analysis_exports SET rows_done = $3, leased_until = $4, "
        "rows_estimated = greatest(coalesce($5, rows_estimated), $3) "
        "WHERE id = $1 AND leased_to = $2 AND state = 'RUNNING'",
        export,
        worker,
        rows,
        until,
        estimated,
    )
    return bool(done == "UPDATE 1")


async def finish_export(
    connection: Connection, export: UUID, worker: UUID, file: FinishedFile, *, now: datetime, expires: datetime
) -> bool:
    """Say that the file is there; false where the lease is no longer the worker's."""
    done = await connection.execute(
        "UPDATE registry.analysis_exports SET state = 'READY', rows_done = $3, rows_estimated = $3, size_bytes = $4, "
        "sha256 = $5, finished_at = $6, expires_at = $7, leased_to = NULL, leased_until = NULL "
        "WHERE id = $1 AND leased_to = $2 AND state = 'RUNNING'",
        export,
        worker,
        file.rows,
        file.size_bytes,
        file.sha256,
        now,
        expires,
    )
    return bool(done == "UPDATE 1")


async def fail_export(
    connection: Connection, export: UUID, worker: UUID, failure: ExportFailure, now: datetime
) -> None:
    """Say why there will be no file."""
    await connection.execute(
        "UPDATE registry.analysis_exports SET state = 'FAILED', failure = $3, finished_at = $4, leased_to = NULL, "
        "leased_until = NULL WHERE id = $1 AND leased_to = $2 AND state = 'RUNNING'",
        export,
        worker,
        failure.value,
        now,
    )


async def release_export(connection: Connection, export: UUID, worker: UUID) -> None:
    """Give the lease back, so that another may go on at once."""
    await connection.execute(
        "UPDATE registry.analysis_exports SET leased_to = NULL, leased_until = NULL "
        "WHERE id = $1 AND leased_to = $2 AND state = 'RUNNING'",
        export,
        worker,
    )


async def expire_exports(connection: Connection, now: datetime) -> int:
    """Let what is past its time expire; how many did."""
    done = await connection.execute(
        "UPDATE registry.analysis_exports SET state = 'EXPIRED' WHERE state = 'READY' AND expires_at <= $1", now
    )
    return int(done.rpartition(" ")[2])


async def list_exports(connection: Connection) -> Sequence[StoredExport]:
    """Every export, the newest first."""
    return [
        _read(row)
        for row in await connection.fetch(
            f"SELECT {_COLUMNS} FROM registry.analysis_exports ORDER BY requested_at DESC, id"  # noqa: S608 - own names
        )
    ]


async def find_export(connection: Connection, export_id: UUID, account: str) -> StoredExport | None:
    """The export of that account with that id, or none."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM registry.analysis_exports WHERE id = $1 AND account = $2",  # noqa: S608 - own names
        export_id,
        account,
    )
    return None if row is None else _read(row)


async def list_with_files(connection: Connection) -> frozenset[UUID]:
    """The exports that may have files: those that wait, run or are ready."""
    rows = await connection.fetch(
        "SELECT id FROM registry.analysis_exports WHERE state IN ('QUEUED', 'RUNNING', 'READY')"
    )
    return frozenset(row["id"] for row in rows)


async def find_analyst_grant(connection: Connection, account: str, now: datetime) -> HeldGrant | None:
    """The account's live right to analyse, or none."""
    row = await connection.fetchrow(
        "SELECT * FROM gate.find_grant($1, $2, NULL, NULL, NULL, $3)", account, Role.DOJ_ANALYST.value, now
    )
    if row is None:
        return None
    return HeldGrant(
        id=row["id"],
        account=account,
        role=Role.DOJ_ANALYST,
        agency_id=None,
        agency_ori=None,
        state_code=None,
        officer_id=None,
        body_id=None,
    )


def _read(row: Any) -> StoredExport:
    return StoredExport(
        **{
            **dict(row),
            "format": ExportFormat(row["format"]),
            "state": ExportState(row["state"]),
            "failure": None if row["failure"] is None else ExportFailure(row["failure"]),
        }
    )


async def read_chunk(
    session: ReadSession, sql: str, values: Sequence[Any], context: str
) -> tuple[Sequence[Sequence[Any]], bool]:
    """The rows of a chunk, and whether the context held: both of one moment, in a transaction that cannot write.

    Raises `ContextLapsed` where the login lacks a right on a column, and `ProbityError` where the database is away.
    """
    try:
        async with (
            asyncio.timeout(CHUNK_SECONDS),
            session.connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await session.connection.execute(SET_CHUNK, context)
            held = await session.connection.fetchval("SELECT c.role IS NOT NULL FROM gate.read_context() c")
            rows = await session.connection.fetch(sql, *values) if held else []
    except FAILURES as error:
        if isinstance(error, asyncpg.InsufficientPrivilegeError):
            raise ContextLapsed from error
        raise ProbityError(ErrorCode.UNAVAILABLE) from None
    return [tuple(row) for row in rows], bool(held)
