"""One import from beginning to end: the file read through, its rows merged chunk by chunk, the batch closed.

INVARIANT: rows and the progress past them are kept in one transaction; of a file that is refused nothing is kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

from app.domain.clock import Clock, IdSource
from app.domain.intake import AgencyRow, CareerRow, CaseRow, ImportKind
from app.errors import ImportRefused
from app.registry.intake.agencies import AgenciesLayout
from app.registry.intake.agency_names import AgencyDirectory
from app.registry.intake.careers import CareersLayout
from app.registry.intake.cases import CasesLayout
from app.registry.intake.chunks import ChunkMerger
from app.registry.intake.counts import ImportCounts
from app.registry.intake.csv_file import Dialect, FileFacts, SourceRow, inspect_file, read_records
from app.registry.intake.mapping import SourceMapping
from app.registry.intake.report import ReportWriter
from app.storage.intake.agencies import AgenciesMerge, read_state_agencies
from app.storage.intake.batches import (
    Batch,
    BatchKey,
    Connection,
    FinishedImport,
    RecordImport,
    Scope,
    find_interrupted,
    finish_batch,
    lock_merge,
    lock_source,
    open_batch,
    open_importer,
    save_progress,
)
from app.storage.intake.careers import CareersMerge
from app.storage.intake.cases import CasesMerge

AnyLayout: TypeAlias = AgenciesLayout | CareersLayout | CasesLayout
AnyMerger: TypeAlias = ChunkMerger[AgencyRow] | ChunkMerger[CareerRow] | ChunkMerger[CaseRow]
CHUNK_ROWS: Final = 10_000
_AGENCY_LAYOUTS: Final = hashlib.sha256(b"agency lists, version 1").digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What to import and how; `mapping` is given for careers and cases."""

    kind: ImportKind
    path: Path
    source: str
    mapping: SourceMapping | None = None
    scope: Scope = Scope.ROWS
    is_dry_run: bool = False
    chunk_rows: int = CHUNK_ROWS


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTools:
    """What an import needs from its surroundings.

    `record` writes the audit record in the transaction that closes the batch; `show_progress` is told of rows done
    and rows in all.
    """

    clock: Clock
    draw_id: IdSource
    record: RecordImport
    report: ReportWriter
    show_progress: Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportResult:
    """What became of a file.

    `is_kept` is false after a dry run and where all or nothing came to nothing; `has_mark` tells of a UTF-8 mark
    (a byte order mark) that was taken off.
    """

    counts: ImportCounts
    is_kept: bool
    has_mark: bool


async def run_import(address: str, order: ImportOrder, tools: ImportTools) -> ImportResult:
    """Import one file over the importer's address; raises `ImportRefused` where the file as a whole cannot be."""
    facts = inspect_file(order.path, _choose_dialect(order))
    key = BatchKey(
        kind=order.kind,
        source=order.source,
        file_sha256=facts.sha256,
        mapping_sha256=order.mapping.sha256 if order.mapping else _AGENCY_LAYOUTS,
    )
    async with open_importer(address) as connection:
        if not await lock_source(connection, order.source):
            raise ImportRefused("another import of this source is running; wait until it has ended")
        await _refuse_mixed_scopes(connection, key, order)
        layout = await _choose_layout(connection, order, facts, tools.clock().date())
        async with _keep_whole(connection, order) as verdict:
            counts = await _import_rows(connection, order, tools, key, layout, facts)
            verdict.is_kept = not order.is_dry_run and (order.scope is Scope.ROWS or counts.refused == 0)
    return ImportResult(counts=counts, is_kept=verdict.is_kept, has_mark=facts.has_mark)


@dataclass(slots=True)
class _Verdict:
    is_kept: bool = False


@asynccontextmanager
async def _keep_whole(connection: Connection, order: ImportOrder) -> AsyncIterator[_Verdict]:
    """One transaction around everything where the file is taken whole or only tried."""
    verdict = _Verdict()
    if order.scope is Scope.ROWS and not order.is_dry_run:
        yield verdict
        return
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield verdict
    except BaseException:
        await transaction.rollback()
        raise
    await (transaction.commit() if verdict.is_kept else transaction.rollback())


async def _refuse_mixed_scopes(connection: Connection, key: BatchKey, order: ImportOrder) -> None:
    if order.scope is Scope.FILE and await find_interrupted(connection, key) is Scope.ROWS:
        raise ImportRefused(
            "an import of this file that keeps good rows was interrupted; run it again without --all-or-nothing first"
        )


def _choose_dialect(order: ImportOrder) -> Dialect:
    return order.mapping.dialect if order.mapping else Dialect()


async def _choose_layout(connection: Connection, order: ImportOrder, facts: FileFacts, today: date) -> AnyLayout:
    if order.mapping is None:
        return AgenciesLayout(facts.header)
    directory = AgencyDirectory(order.mapping.agency, await read_state_agencies(connection, order.mapping.state))
    layout = CareersLayout if order.kind is ImportKind.CAREERS else CasesLayout
    return layout(order.mapping, facts.header, directory, today)


def _choose_merger(layout: AnyLayout, batch: Batch, counts: ImportCounts, report: ReportWriter) -> AnyMerger:
    if isinstance(layout, AgenciesLayout):
        return ChunkMerger(layout, AgenciesMerge(), batch, counts, report)
    if isinstance(layout, CareersLayout):
        return ChunkMerger(layout, CareersMerge(), batch, counts, report)
    return ChunkMerger(layout, CasesMerge(), batch, counts, report)


async def _import_rows(
    connection: Connection,
    order: ImportOrder,
    tools: ImportTools,
    key: BatchKey,
    layout: AnyLayout,
    facts: FileFacts,
) -> ImportCounts:
    batch = await open_batch(connection, key, order.scope, new_id=tools.draw_id(), at=tools.clock())
    counts = ImportCounts.from_json(batch.counts)
    merger = _choose_merger(layout, batch, counts, tools.report)
    tools.report.begin(is_resumed=batch.rows_done > 0)
    await merger.prepare(connection)
    for chunk in _list_chunks(order, layout, facts.records, batch.rows_done):
        async with connection.transaction():
            await lock_merge(connection)
            await merger.merge(connection, [row for _, row in chunk], tools.clock())
            await save_progress(connection, batch, chunk[-1][0], counts.to_json())
        tools.show_progress(counts.read, facts.records)
    if not order.is_dry_run:
        await _finish(connection, order, tools, batch, counts)
    return counts


async def _finish(
    connection: Connection, order: ImportOrder, tools: ImportTools, batch: Batch, counts: ImportCounts
) -> None:
    async with connection.transaction():
        finished = FinishedImport(
            batch_id=batch.id, key=batch.key, scope=order.scope, at=tools.clock(), counts=counts.to_json()
        )
        await finish_batch(connection, finished, tools.record)


def _list_chunks(
    order: ImportOrder, layout: AnyLayout, total: int, rows_done: int
) -> Iterator[list[tuple[int, SourceRow]]]:
    """The rows still to do, each with its place, in chunks: those that stand alone, then those that lean on others.

    INVARIANT: no chunk holds rows of both kinds, or a row could be merged together with the one it leans on.
    """
    dialect = _choose_dialect(order)

    def list_rows(first: int, *, deferred: bool) -> Iterator[tuple[int, SourceRow]]:
        for place, row in enumerate(read_records(order.path, dialect), start=first):
            if place > rows_done and layout.is_deferred(row) is deferred:
                yield place, row

    for first, deferred in ((1, False), (total + 1, True)):
        rows = list_rows(first, deferred=deferred)
        while chunk := list(islice(rows, order.chunk_rows)):
            yield chunk
