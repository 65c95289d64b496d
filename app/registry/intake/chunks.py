"""One chunk of a file: its rows read, merged, counted, reported and, where need be, left to a registrar.

A row's verdict never depends on where a chunk ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from app.domain.intake import Disposition, IntakeRow, Reason, TurnedRow
from app.registry.intake.counts import ImportCounts
from app.registry.intake.csv_file import SourceRow
from app.registry.intake.digests import digest_parts
from app.registry.intake.layout import Layout, read_row
from app.registry.intake.report import ReportWriter
from app.registry.intake.waves import split_waves
from app.storage.intake.batches import Batch, Connection
from app.storage.intake.review import ParkedRow, close_parked, has_open_reviews, keep_parked
from app.storage.intake.staging import Merge, MergeContext, RowVerdict

RowT = TypeVar("RowT", bound=IntakeRow)
_TAKEN: Final = frozenset({Disposition.ACCEPTED, Disposition.UNCHANGED})


@dataclass(slots=True)
class _Chunk(Generic[RowT]):
    """The rows of a chunk by line, as they were read and as what they turned out to be."""

    sources: dict[int, SourceRow] = field(default_factory=dict)
    values: list[RowT] = field(default_factory=list)
    followers: list[tuple[RowT, int]] = field(default_factory=list)
    turned: list[TurnedRow] = field(default_factory=list)


class ChunkMerger(Generic[RowT]):
    """Merges the chunks of one file, one after the other."""

    __slots__ = ("_batch", "_closes_reviews", "_counts", "_layout", "_merge", "_report")

    def __init__(
        self, layout: Layout[RowT], merge: Merge[RowT], batch: Batch, counts: ImportCounts, report: ReportWriter
    ) -> None:
        self._layout = layout
        self._merge = merge
        self._batch = batch
        self._counts = counts
        self._report = report
        self._closes_reviews = False

    async def prepare(self, connection: Connection) -> None:
        """Make the staging tables and see whether anything of the source waits for review."""
        await self._merge.prepare(connection)
        self._closes_reviews = await has_open_reviews(connection, self._batch.key.source)

    async def merge(self, connection: Connection, rows: Sequence[SourceRow], at: datetime) -> None:
        """Merge one chunk in the caller's transaction; its report is on disk before that commits."""
        chunk = self._read_chunk(rows)
        context = MergeContext(source=self._batch.key.source, batch_id=self._batch.id, at=at)
        verdicts: dict[int, RowVerdict] = {}
        for wave in split_waves(chunk.values, self._merge.list_tokens):
            verdicts.update((found.line, found) for found in await self._merge.merge(connection, context, wave))
        taken = self._count_verdicts(chunk, verdicts)
        await self._keep_parked(connection, chunk, at)
        if self._closes_reviews:
            keys = [self._digest(chunk.sources[line]) for line in taken]
            await close_parked(connection, self._batch, keys, at)
        for turned in sorted(chunk.turned, key=lambda row: row.line):
            self._counts.add(turned.disposition, turned.reason)
            self._report.write(turned)
        self._report.flush()

    def _read_chunk(self, rows: Sequence[SourceRow]) -> _Chunk[RowT]:
        chunk: _Chunk[RowT] = _Chunk()
        leaders: dict[tuple[bytes, bytes], int] = {}
        for row in rows:
            value = read_row(self._layout, row)
            chunk.sources[row.line] = row
            if isinstance(value, TurnedRow):
                chunk.turned.append(value)
                continue
            said = (value.identity.record_key, value.identity.content_sha256)
            leader = leaders.setdefault(said, row.line)
            if leader == row.line:
                chunk.values.append(value)
            else:
                chunk.followers.append((value, leader))
        return chunk

    def _count_verdicts(self, chunk: _Chunk[RowT], verdicts: dict[int, RowVerdict]) -> list[int]:
        """Count the merged rows, turn the parked ones, and give the lines of those that were taken."""
        taken = [line for line, found in verdicts.items() if found.disposition in _TAKEN]
        for found in verdicts.values():
            if found.disposition in _TAKEN:
                self._counts.add(found.disposition, found.became)
            else:
                chunk.turned.append(_turn(found, found.line))
        for value, leader in chunk.followers:
            found = verdicts[leader]
            if found.disposition in _TAKEN:
                self._counts.add(Disposition.UNCHANGED)
            else:
                chunk.turned.append(_turn(found, value.identity.line))
        return taken

    async def _keep_parked(self, connection: Connection, chunk: _Chunk[RowT], at: datetime) -> None:
        parked = [
            ParkedRow(
                line=turned.line,
                record_key=self._digest(source := chunk.sources[turned.line]),
                reason=turned.reason,
                column=turned.column,
                content=self._layout.header.pick_cells(source, self._layout.kept_columns),
            )
            for turned in chunk.turned
            if turned.disposition is Disposition.PARKED
        ]
        await keep_parked(connection, self._batch, parked, at)

    def _digest(self, row: SourceRow) -> bytes:
        cells = self._layout.header.pick_cells(row, self._layout.kept_columns)
        return digest_parts(
            f"parked {self._batch.key.kind.value}", (part for name in sorted(cells) for part in (name, cells[name]))
        )


def _turn(found: RowVerdict, line: int) -> TurnedRow:
    if found.reason is None:
        raise ValueError("a parked row has a reason")
    return TurnedRow(line=line, disposition=found.disposition, reason=Reason(found.reason), column=found.column)
