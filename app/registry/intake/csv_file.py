"""Strict reading of a delimited text file: bytes in, records with their line numbers out.

No message repeats what the file holds; a fault is told by its line, and a file at fault is refused before any row of
it is taken.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from app.errors import ImportRefused

# A record longer than this is a quotation mark that was never closed, or worse.
MAX_RECORD_BYTES: Final = 64 * 1024
# Every one of these writes a line feed as the one byte 0x0A, so lines can be cut before they are decoded.
ENCODINGS: Final = ("utf-8", "windows-1252", "iso-8859-1")
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a file is written: its encoding and what separates its cells (always quoted with \")."""

    encoding: str = "utf-8"
    delimiter: str = ","


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One record and the line it begins on; the header begins on line 1."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """What is known of a file once it has been read through: `records` counts neither header nor blank lines."""

    sha256: bytes
    header: tuple[str, ...]
    records: int
    has_mark: bool


def inspect_file(path: Path, dialect: Dialect) -> FileFacts:
    """Read the whole file once, in constant memory; raises `ImportRefused` naming the line at fault."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        has_mark = _check_mark(stream, dialect)
        stream.seek(0)
        rows = _read_rows(stream, dialect, digest)
        header = next(rows, None)
        if header is None:
            raise ImportRefused("the file is empty; export it again with its header line")
        records = sum(1 for _ in rows)
    return FileFacts(sha256=digest.digest(), header=header.cells, records=records, has_mark=has_mark)


def read_records(path: Path, dialect: Dialect) -> Iterator[SourceRow]:
    """Give the records after the header, one at a time."""
    with path.open("rb") as stream:
        rows = _read_rows(stream, dialect, None)
        next(rows, None)
        yield from rows


def _check_mark(stream: BinaryIO, dialect: Dialect) -> bool:
    start = stream.read(3)
    if start[:2] in _UTF16_MARKS:
        raise ImportRefused("the file is UTF-16; save it as UTF-8 and import it again")
    if start == _UTF8_MARK and dialect.encoding != "utf-8":
        raise ImportRefused('the file is marked as UTF-8; set encoding = "utf-8" in its mapping')
    return start == _UTF8_MARK


class _Lines:
    """The decoded lines of a stream, which knows where the current record began and how long it grew."""

    __slots__ = ("_digest", "_encoding", "_stream", "number", "pending")

    def __init__(self, stream: BinaryIO, encoding: str, digest: hashlib._Hash | None) -> None:
        self._stream = stream
        self._encoding = encoding
        self._digest = digest
        self.number = 0
        self.pending = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        raw = self._stream.readline(MAX_RECORD_BYTES + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        self.pending += len(raw)
        if self.pending > MAX_RECORD_BYTES:
            raise ImportRefused(
                f"line {self.number}: a record is longer than {MAX_RECORD_BYTES} bytes; "
                "look for a quotation mark that is not closed, or shorten the cell"
            )
        if self._digest is not None:
            self._digest.update(raw)
        if self.number == 1:
            raw = raw.removeprefix(_UTF8_MARK)
        if b"\0" in raw:
            raise ImportRefused(f"line {self.number}: the file holds a zero byte; export it again as plain text")
        return self._decode(raw)

    def _decode(self, raw: bytes) -> str:
        try:
            return raw.decode(self._encoding)
        except UnicodeDecodeError:
            raise ImportRefused(
                f"line {self.number}: the file is not {self._encoding}; save it as UTF-8, "
                f"or name its encoding in the mapping (one of {', '.join(ENCODINGS)})"
            ) from None


def _read_rows(stream: BinaryIO, dialect: Dialect, digest: hashlib._Hash | None) -> Iterator[SourceRow]:
    lines = _Lines(stream, dialect.encoding, digest)
    reader = csv.reader(lines, delimiter=dialect.delimiter, quotechar='"', doublequote=True, strict=True)
    while True:
        begins = lines.number + 1
        lines.pending = 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise ImportRefused(
                f"line {begins}: quotation marks or line ends are broken; export the file again as plain CSV"
            ) from None
        # What a spreadsheet leaves below its table is no record.
        if any(cell and not cell.isspace() for cell in cells):
            yield SourceRow(line=begins, cells=tuple(cells))
