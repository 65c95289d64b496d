"""Exports carried out: one chunk after the other, each as its owner could read it himself at that moment.

INVARIANT: no chunk is read without his right, looked up anew; no file is there, and none is given, before its record.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from app.answering.policy_holder import PolicyHolder
from app.answering.recording import Recorder
from app.answering.served_policy import ServedPolicy
from app.domain.clock import Clock, IdSource
from app.domain.vocabulary import ExportFailure, ExportState, Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.identity.principal import Principal, resume_principal
from app.planning.row_chunks import START, ChunkPlan, plan_chunk
from app.storage.context import ContextClaims, ContextSigner
from app.storage.export_files import MARKING, BrokenChunks, ExportFiles, Progress
from app.storage.exports import (
    FinishedFile,
    StoredExport,
    claim_export,
    expire_exports,
    fail_export,
    find_analyst_grant,
    find_export,
    finish_export,
    list_with_files,
    note_progress,
    read_chunk,
    release_export,
)
from app.storage.installation import read_policy_digest
from app.storage.ledger.group_commit import Ledger
from app.storage.logins import Login
from app.storage.pools import ContextLapsed, Pools

# What is exported, always in this order; the same fields that a list of rows tells.
FIELDS: Final = (
    "id",
    "kind",
    "year",
    "stateCode",
    "agencyKind",
    "sizeBand",
    "hasFinding",
    "basis",
    "finality",
    "daysFromActionToReport",
    "daysFromReportToNotice",
    "daysFromNoticeToClearance",
    "daysFromActionToClearance",
)
DOCUMENT: Final = (
    "query ExportRows($filter: AnalystRowFilter) { analystRows(first: 0, filter: $filter) { nodes { "
    f"{' '.join(FIELDS)} }} }} }}"
)
CONTEXT_SECONDS: Final = 30
REST_SECONDS: Final = 2.0
SWEEP_SECONDS: Final = 60.0
LOGGER: Final = logging.getLogger("probity.exports")
_HIGHEST_KEY: Final = 1 << 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLimits:
    """How large chunks and files may be, how long a lease and a file last, and how often one export is begun."""

    chunk_rows: int = 5_000
    most_rows: int = 5_000_000
    most_bytes: int = 2**31 - 1
    lease: timedelta = timedelta(seconds=60)
    kept: timedelta = timedelta(hours=24)
    attempts: int = 5


class _Ended(Exception):
    """There will be no file; `failure` says why, none where the export is no longer this worker's."""

    def __init__(self, failure: ExportFailure | None) -> None:
        super().__init__()
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that may be given now; its record is durable."""

    path: Path
    sha256: bytes
    size_bytes: int
    export: StoredExport


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Carries out what analysts have asked for, and gives each his own files."""

    policies: PolicyHolder
    pools: Pools
    ledger: Ledger
    recorder: Recorder
    signer: ContextSigner
    clock: Clock
    system_clock: Clock
    draw_id: IdSource
    files: ExportFiles
    limits: ExportLimits = field(default_factory=ExportLimits)

    async def run_next(self) -> bool:
        """Carry out the export that has waited longest; false where there was none to work at."""
        worker, now = self.draw_id(), self.clock()
        async with self.pools.borrow(Login.COMMAND) as connection:
            export = await claim_export(connection, worker, now, now + self.limits.lease)
        if export is None:
            return False
        try:
            await self._carry_out(export, worker)
        except _Ended as ended:
            if ended.failure is not None:
                await self._fail(export, worker, ended.failure)
            await self.sweep()
        except BaseException as error:
            # Whoever goes on finds the chunks that are done; what failed often enough is given up.
            await asyncio.shield(self._give_back(export, worker))
            if not isinstance(error, ProbityError | OSError | ContextLapsed | BrokenChunks):
                raise
        return True

    async def _give_back(self, export: StoredExport, worker: UUID) -> None:
        if export.attempts >= self.limits.attempts:
            await self._fail(export, worker, ExportFailure.KEPT_FAILING)
            return
        async with self.pools.borrow(Login.COMMAND) as connection:
            await release_export(connection, export.id, worker)

    async def _fail(self, export: StoredExport, worker: UUID, failure: ExportFailure) -> None:
        async with self.pools.borrow(Login.COMMAND) as connection:
            await fail_export(connection, export.id, worker, failure, self.clock())

    async def _carry_out(self, export: StoredExport, worker: UUID) -> None:
        with self.files.open_folder(export.id) as is_ours:
            if not is_ours:
                raise ProbityError(ErrorCode.UNAVAILABLE)
            progress = await asyncio.to_thread(self.files.read_progress, export.id, export.question)
            while not progress.is_complete:
                progress = await self._go_on(export, progress)
                await self._note(export, worker, progress)
            file = await self._finish(export, progress)
            # INVARIANT: the record is durable before anybody can learn that there is a file.
            await self._record(export, await self._find_principal(export), "exportRows", file)
            now = self.clock()
            async with self.pools.borrow(Login.COMMAND) as connection:
                if not await finish_export(
                    connection, export.id, worker, file, now=now, expires=now + self.limits.kept
                ):
                    raise _Ended(None)
            await asyncio.to_thread(self.files.drop_chunks, export.id)

    async def _go_on(self, export: StoredExport, progress: Progress) -> Progress:
        """Read the next chunk and write it down."""
        now = self.clock()
        principal = await self._find_principal(export)
        policy = await self._find_policy()
        chunk, variables = self._plan(policy, export)
        context = self._sign(principal, policy, now)
        values = chunk.bind(variables, principal, now, progress.last_key or START)
        async with self.pools.open_read(Login.ANALYST) as session:
            rows, held = await read_chunk(session, chunk.plan.sql, values, context)
        if not held:
            # His right has ended since, which the next look finds; or the policy has moved, which is followed.
            raise ContextLapsed
        progress = await asyncio.to_thread(
            self.files.add_chunk,
            export.id,
            progress,
            chunk.names,
            rows,
            now,
            is_last=len(rows) < self.limits.chunk_rows,
        )
        if progress.rows > self.limits.most_rows:
            raise _Ended(ExportFailure.TOO_LARGE)
        return progress

    async def _find_principal(self, export: StoredExport) -> Principal:
        async with self.pools.borrow(Login.ANALYST) as connection:
            held = await find_analyst_grant(connection, export.account, self.clock())
        if held is None:
            raise _Ended(ExportFailure.RIGHT_ENDED)
        return resume_principal(held, Purpose.STATISTICS)

    async def _find_policy(self) -> ServedPolicy:
        async with self.pools.borrow(Login.COMMAND) as connection:
            stands = await read_policy_digest(connection)
        return await self.policies.follow(stands)

    def _plan(self, policy: ServedPolicy, export: StoredExport) -> tuple[ChunkPlan, Mapping[str, object]]:
        """The plan of a chunk under the policy of now, by which the question must still be allowed."""
        schema = policy.find_contract(Role.DOJ_ANALYST, Purpose.STATISTICS).schema
        grant = policy.find_grant(Role.DOJ_ANALYST, Purpose.STATISTICS)
        try:
            prepared = policy.planner.prepare(
                DOCUMENT, None, {"filter": json.loads(export.question)}, schema=schema, grant=grant
            )
            chunk = plan_chunk(policy.planner, prepared, schema, grant, size=self.limits.chunk_rows)
        except ProbityError:
            raise _Ended(ExportFailure.QUESTION_REFUSED) from None
        return chunk, prepared.variables

    async def _note(self, export: StoredExport, worker: UUID, progress: Progress) -> None:
        async with self.pools.borrow(Login.COMMAND) as connection:
            is_ours = await note_progress(
                connection,
                export.id,
                worker,
                self.clock() + self.limits.lease,
                rows=progress.rows,
                estimated=estimate_rows(progress),
            )
        if not is_ours:
            raise _Ended(None)

    async def _finish(self, export: StoredExport, progress: Progress) -> FinishedFile:
        facts = {
            "marking": MARKING,
            "export": str(export.id),
            "question": export.question,
            "rows": str(progress.rows),
            "requestedAt": export.requested_at.isoformat(),
        }
        try:
            file = await asyncio.to_thread(self.files.finish, export.id, export.format, progress, FIELDS, facts)
        except BrokenChunks:
            await asyncio.to_thread(self.files.drop_chunks, export.id)
            raise
        if file.size_bytes > self.limits.most_bytes:
            raise _Ended(ExportFailure.TOO_LARGE)
        return file

    async def open_download(self, export_id: UUID, principal: Principal) -> Download:
        """The file of an export of the principal's own; raises `NOT_FOUND` for whatever is not his to have now."""
        if principal.role is not Role.DOJ_ANALYST:
            raise ProbityError(ErrorCode.NOT_FOUND)
        policy = await self._find_policy()
        if not policy.find_grant(principal.role, principal.purpose).readable("Export.path"):
            raise ProbityError(ErrorCode.NOT_FOUND)
        async with self.pools.borrow(Login.COMMAND) as connection:
            export = await find_export(connection, export_id, principal.account)
        if export is None or export.state is not ExportState.READY:
            raise ProbityError(ErrorCode.NOT_FOUND)
        if export.sha256 is None or export.size_bytes is None or export.expires_at is None:
            raise ProbityError(ErrorCode.INTERNAL)
        if export.expires_at <= self.clock():
            raise ProbityError(ErrorCode.NOT_FOUND)
        path = self.files.find_file(export.id, export.format)
        if not await asyncio.to_thread(path.is_file):
            raise ProbityError(ErrorCode.NOT_FOUND)
        file = FinishedFile(rows=export.rows_done, size_bytes=export.size_bytes, sha256=export.sha256)
        # INVARIANT: recorded before the first byte leaves.
        await self._record(export, principal, "downloadExport", file)
        return Download(path=path, sha256=export.sha256, size_bytes=export.size_bytes, export=export)

    async def sweep(self) -> int:
        """Let expire what is past its time, and delete the files of whatever has ended; how many folders went."""
        # The folders first: one that is made meanwhile is of an export that is listed then.
        there = await asyncio.to_thread(self.files.list_folders)
        async with self.pools.borrow(Login.COMMAND) as connection:
            await expire_exports(connection, self.clock())
            gone = there - await list_with_files(connection)
        for export_id in gone:
            await asyncio.to_thread(self.files.delete, export_id)
        return len(gone)

    async def _record(self, export: StoredExport, principal: Principal, operation: str, file: FinishedFile) -> None:
        record = self.recorder.record_file(
            operation,
            principal,
            policy_sha256=self.policies.served.digest,
            now=self.clock(),
            variables={"export": str(export.id), "filter": json.loads(export.question)},
            file_sha256=file.sha256,
            rows=file.rows,
        )
        await self.ledger.append(record)

    def _sign(self, principal: Principal, policy: ServedPolicy, now: datetime) -> str:
        ends = self.system_clock() + timedelta(seconds=CONTEXT_SECONDS)
        return self.signer.sign(
            ContextClaims(
                login=Login.ANALYST,
                at=now,
                expires=int(ends.timestamp()),
                account=principal.account,
                role=principal.role.value,
                purpose=principal.purpose.value,
                agency_id=None,
                state_code=None,
                officer_id=None,
                grant_id=principal.grant_id,
                body_id=None,
                policy=policy.digest,
            )
        )


def estimate_rows(progress: Progress) -> int | None:
    """How many rows there will be: keys are random, so that the last one says how far along the table it lies."""
    if progress.is_complete or progress.last_key is None:
        return progress.rows
    return min(2**31 - 1, progress.rows * _HIGHEST_KEY // (progress.last_key.int or 1))


@asynccontextmanager
async def exporting(exporter: Exporter, *, rest: float = REST_SECONDS) -> AsyncIterator[None]:
    """Carry out exports in the background, one at a time, and delete what is past its time."""
    task = asyncio.get_running_loop().create_task(_work(exporter, rest))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _work(exporter: Exporter, rest: float) -> None:
    loop = asyncio.get_running_loop()
    swept = -SWEEP_SECONDS
    while True:
        try:
            if loop.time() - swept >= SWEEP_SECONDS:
                swept = loop.time()
                await exporter.sweep()
            if await exporter.run_next():
                continue
        except Exception as error:
            # INVARIANT: the work goes on; a fault of one export is not one of all.
            LOGGER.error("an export could not be carried out: exception=%s", type(error).__qualname__)
        await asyncio.sleep(rest)
