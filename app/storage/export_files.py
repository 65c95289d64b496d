"""The files of exports: chunks as they are read, a list of them, and the one file that is made of them at the end.

INVARIANT: what is listed is whole and on disk, and its digest is checked again before it goes into the file; a file of
an export is there under its name only when it is complete.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from app.domain.vocabulary import ExportFormat
from app.storage.exports import FinishedFile
from app.storage.file_locks import open_lock, try_lock
from app.storage.private_files import FILE_MODE, ensure_folder, sync_folder, write_private_file

MARKING: Final = "exact, not for release"
SUFFIXES: Final = {ExportFormat.PARQUET: "parquet", ExportFormat.CSV: "csv"}
_LIST: Final = "chunks.json"
_LOCK: Final = "lock"
_BLOCK: Final = 1 << 20
# Between the codes of a list in one cell of a CSV file; no code has it.
CODE_SEPARATOR: Final = "|"


class BrokenChunks(Exception):
    """A chunk is not what was listed: the export begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A chunk on disk: its file, rows, the key of its last row, SHA-256 (hexadecimal) and the time it is as of."""

    name: str
    rows: int
    last_key: str
    sha256: str
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The chunks so far; `is_complete` once no row is left. `plan` says under what they were read."""

    question: str
    chunks: tuple[Chunk, ...] = ()
    is_complete: bool = False

    @property
    def rows(self) -> int:
        """How many rows there are so far."""
        return sum(each.rows for each in self.chunks)

    @property
    def last_key(self) -> UUID | None:
        """The key of the last row; none before the first."""
        return UUID(self.chunks[-1].last_key) if self.chunks else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFiles:
    """The folder of all exports of an installation, which every serving process must share."""

    folder: Path

    def find_file(self, export_id: UUID, form: ExportFormat) -> Path:
        """Where the finished file is, or will be."""
        return self._place(export_id) / f"export.{SUFFIXES[form]}"

    @contextmanager
    def open_folder(self, export_id: UUID) -> Iterator[bool]:
        """The folder of one export, for one process at a time: false where another has it."""
        ensure_folder(self.folder)
        place = self._place(export_id)
        ensure_folder(place)
        descriptor = open_lock(place / _LOCK)
        try:
            yield try_lock(descriptor)
        finally:
            os.close(descriptor)

    def read_progress(self, export_id: UUID, question: str) -> Progress:
        """What is done so far; nothing where nothing, or something else, is listed."""
        try:
            listed = json.loads((self._place(export_id) / _LIST).read_text("utf-8"))
            chunks = tuple(Chunk(**each) for each in listed["chunks"])
            progress = Progress(question=listed["question"], chunks=chunks, is_complete=listed["is_complete"])
        except (OSError, ValueError, TypeError, KeyError):
            return Progress(question=question)
        return progress if progress.question == question else Progress(question=question)

    def add_chunk(
        self,
        export_id: UUID,
        progress: Progress,
        names: Sequence[str],
        rows: Sequence[Sequence[Any]],
        as_of: datetime,
        *,
        is_last: bool,
    ) -> Progress:
        """Write rows (each led by its key) as a chunk and list it; durable when this returns."""
        place = self._place(export_id)
        chunks = progress.chunks
        if rows:
            name = f"chunk-{len(chunks):06d}.arrow"
            _write_atomically(place / name, lambda path: _write_chunk(path, names, rows, as_of))
            last = UUID(bytes=rows[-1][0].bytes)
            chunks = (
                *chunks,
                Chunk(
                    name=name,
                    rows=len(rows),
                    last_key=str(last),
                    sha256=_digest(place / name),
                    as_of=as_of.isoformat(),
                ),
            )
        after = replace(progress, chunks=chunks, is_complete=is_last)
        write_private_file(place / _LIST, json.dumps(asdict(after)))
        return after

    def finish(
        self, export_id: UUID, form: ExportFormat, progress: Progress, names: Sequence[str], facts: Mapping[str, str]
    ) -> FinishedFile:
        """Make the file of the chunks; raises `BrokenChunks` where one of them is not what was listed."""
        file = self.find_file(export_id, form)
        tables = self._read_chunks(export_id, progress)
        write = _write_parquet if form is ExportFormat.PARQUET else _write_csv
        _write_atomically(file, lambda path: write(path, names, tables, facts))
        return FinishedFile(rows=progress.rows, size_bytes=file.stat().st_size, sha256=bytes.fromhex(_digest(file)))

    def drop_chunks(self, export_id: UUID) -> None:
        """Delete what the file was made of."""
        place = self._place(export_id)
        (place / _LIST).unlink(missing_ok=True)
        for each in place.glob("chunk-*"):
            each.unlink(missing_ok=True)

    def measure(self, export_id: UUID, progress: Progress) -> int:
        """The bytes of the chunks so far."""
        return sum((self._place(export_id) / each.name).stat().st_size for each in progress.chunks)

    def delete(self, export_id: UUID) -> None:
        """Delete everything of an export."""
        shutil.rmtree(self._place(export_id), ignore_errors=True)

    def list_folders(self) -> frozenset[UUID]:
        """The exports that have a folder."""
        if not self.folder.is_dir():
            return frozenset()
        return frozenset(UUID(each.name) for each in self.folder.iterdir() if _is_id(each.name))

    def _place(self, export_id: UUID) -> Path:
        return self.folder / str(export_id)

    def _read_chunks(self, export_id: UUID, progress: Progress) -> Iterator[Any]:
        import pyarrow as pa

        for each in progress.chunks:
            path = self._place(export_id) / each.name
            if not path.is_file() or _digest(path) != each.sha256:
                raise BrokenChunks
            with pa.memory_map(str(path)) as source, pa.ipc.open_file(source) as reader:
                yield reader.read_all()


def _is_id(name: str) -> bool:
    try:
        return str(UUID(name)) == name
    except ValueError:
        return False


def _write_atomically(path: Path, write: Any) -> None:
    """A file that is there as a whole or not at all; for its owner alone."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(descriptor)
    try:
        write(temporary)
        with Path(temporary).open("rb+") as stream:
            os.fchmod(stream.fileno(), FILE_MODE)
            os.fsync(stream.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _describe_columns(names: Sequence[str]) -> Any:
    """Texts are codes and ids; years and days are whole numbers; each row says as of when it was read."""
    import pyarrow as pa

    types = {"hasFinding": pa.bool_(), "year": pa.int32(), "basis": pa.list_(pa.string())}
    columns = [(name, types.get(name, pa.int32() if name.startswith("days") else pa.string())) for name in names]
    return pa.schema([*columns, ("asOf", pa.timestamp("us", tz="UTC"))])


def _write_chunk(path: str, names: Sequence[str], rows: Sequence[Sequence[Any]], as_of: datetime) -> None:
    import pyarrow as pa

    schema = _describe_columns(names)
    columns = [pa.array([row[place + 1] for row in rows], schema.field(place).type) for place in range(len(names))]
    columns.append(pa.array([as_of] * len(rows), schema.field(len(names)).type))
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(path, schema, options=options) as writer:
        writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _write_parquet(path: str, names: Sequence[str], tables: Iterator[Any], facts: Mapping[str, str]) -> None:
    import pyarrow.parquet as pq

    schema = _describe_columns(names).with_metadata({f"probity.{name}": value for name, value in facts.items()})
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table.cast(schema))


def _write_csv(path: str, names: Sequence[str], tables: Iterator[Any], facts: Mapping[str, str]) -> None:
    """RFC 4180, in UTF-8; the marking is a column, so that no reader stumbles over it and no copy loses it."""
    with Path(path).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*names, "asOf", "marking"])
        for table in tables:
            for batch in table.to_batches(max_chunksize=4096):
                columns = [column.to_pylist() for column in batch.columns]
                writer.writerows([*map(_spell, row), facts["marking"]] for row in zip(*columns, strict=True))


def _spell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return CODE_SEPARATOR.join(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)
