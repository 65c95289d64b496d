"""Reads the lines of a world strictly into rows for COPY, chunk by chunk, in flat memory.

A line that does not fit is refused with its number; no refusal repeats what the line holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

from app.errors import ImportRefused
from app.registry.world.forms import MOMENT
from app.registry.world.kinds import FORMAT, FORMAT_VERSION, KIND_BY_NAME, KINDS, list_columns
from app.registry.world.shapes import Child, Group, Key, Misfit, ReadRow, Row, Section, Span, Surroundings
from app.storage.world.rows import Chunk, ChunkBuilder

ROWS_IN_CHUNK: Final = 40_000
LONGEST_LINE: Final = 1_000_000

_UNFIT = (ValueError, TypeError, OverflowError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line: the version of the format, and the registry's time where the world has one of its own."""

    clock: datetime | None


class WorldReader:
    """One reading of one world: first its header, then its chunks.

    Iterating over `read_chunks` raises `ImportRefused` at the first line that does not fit.
    """

    def __init__(self, lines: Iterable[bytes], surroundings: Surroundings, *, rows_in_chunk: int = ROWS_IN_CHUNK):
        self._lines = enumerate(lines, start=1)
        self._surroundings = surroundings
        self._rows_in_chunk = rows_in_chunk
        self.counts: dict[str, int] = {kind.name: 0 for kind in KINDS}
        self.header = self._read_header()

    def read_chunks(self) -> Iterator[Chunk]:
        """Chunks of rows in the order of the lines; a line's rows are never divided between two."""
        builder = ChunkBuilder(_COLUMNS)
        for number, line in self._lines:
            try:
                self._read_line(line, number, builder)
            except Misfit as misfit:
                raise _refuse_line(number, misfit) from None
            if builder.size >= self._rows_in_chunk:
                yield builder.take()
        if builder.size:
            yield builder.take()

    def _read_header(self) -> Header:
        number, line = next(self._lines, (1, b""))
        try:
            value = parse_line(line)
            if value.pop("kind", None) != FORMAT:
                raise Misfit('the first line must be {"kind":"world","version":1}')
            version = value.pop("version", None)
            if isinstance(version, bool) or version != FORMAT_VERSION:
                raise Misfit(f"must be {FORMAT_VERSION}, the only version this program reads", "version")
            clock = value.pop("clock", None)
            if value:
                raise Misfit("has an unknown key; known are kind, version, clock")
            return Header(clock=None if clock is None else _read_clock(clock))
        except Misfit as misfit:
            raise _refuse_line(number, misfit) from None

    def _read_line(self, line: bytes, number: int, builder: ChunkBuilder) -> None:
        value = parse_line(line)
        name = value.pop("kind", None)
        kind = KIND_BY_NAME.get(name) if isinstance(name, str) else None
        if kind is None:
            raise Misfit(f"must be one of {', '.join(KIND_BY_NAME)}", "kind")
        try:
            row = _read_section(kind.section, value, self._surroundings)
        except Misfit as misfit:
            raise misfit.under(kind.name) from None
        _lay_out(row, number, builder)
        self.counts[kind.name] += 1


_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    table: columns for kind in KINDS for table, columns in list_columns(kind).items()
}


def parse_line(line: bytes) -> dict[str, Any]:
    """One JSON object from one line; raises `Misfit` for anything else, a key given twice included."""
    if len(line) > LONGEST_LINE:
        raise Misfit(f"is longer than {LONGEST_LINE} bytes")
    if line.startswith(b"\xef\xbb\xbf"):
        raise Misfit("begins with a byte-order mark; save the file as plain UTF-8")
    try:
        value = _DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        raise Misfit("is not one JSON object in UTF-8") from None
    if not isinstance(value, dict):
        raise Misfit("is not one JSON object in UTF-8")
    return value


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Misfit("has a key twice in one object")
    return made


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError("not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=_refuse_constant)


def _read_clock(value: object) -> datetime:
    try:
        clock = MOMENT.read(value)
    except _UNFIT:
        raise Misfit(f"must be {MOMENT.wording}", "clock") from None
    assert isinstance(clock, datetime)
    return clock


def _refuse_line(number: int, misfit: Misfit) -> ImportRefused:
    path = f"{misfit.path} " if misfit.path else ""
    return ImportRefused(f"line {number}: {path}{misfit.problem}; mend it and load again")


def _read_section(section: Section, value: object, surroundings: Surroundings) -> ReadRow:
    if not isinstance(value, dict):
        raise Misfit("must be an object")
    if not value.keys() <= section.known:
        raise Misfit(f"has an unknown key; known are {', '.join(sorted(section.known))}")
    row: Row = dict(section.fixed)
    for member in section.members:
        if isinstance(member, Key):
            _read_key(member, value.get(member.name), row, surroundings)
        elif isinstance(member, Span):
            _read_span(member, value, row, surroundings)
        else:
            _read_group(member, value.get(member.name), row, surroundings)
    children: dict[str, list[ReadRow]] = {}
    for child in section.children:
        _read_child(child, value.get(child.name), row, children, surroundings)
    if section.complete is not None:
        section.complete(row, children, surroundings)
    return ReadRow(section=section, row=row, children=children)


def _read_key(key: Key, value: object, row: Row, surroundings: Surroundings) -> None:
    if value is None:
        if key.required:
            raise Misfit(f"is missing; it is {key.form.wording}", key.name)
        row[key.place] = key.default(surroundings) if key.default is not None else None
        return
    try:
        row[key.place] = key.form.read(value)
    except _UNFIT:
        raise Misfit(f"must be {key.form.wording}", key.name) from None


def _read_span(span: Span, value: Mapping[str, object], row: Row, surroundings: Surroundings) -> None:
    ends: list[Any] = []
    for name in (span.first, span.last):
        end = value.get(name)
        try:
            ends.append(None if end is None else span.form.read(end))
        except _UNFIT:
            raise Misfit(f"must be {span.form.wording}", name) from None
    first, last = ends
    if span.optional and first is None and last is None:
        row[span.column] = None
        return
    if first is None and not span.open_start:
        raise Misfit(f"is missing; it is {span.form.wording}", span.first)
    if first is not None and last is not None and first >= last:
        raise Misfit(f"must be later than {span.first}", span.last)
    row[span.column] = (first, last)


def _read_group(group: Group, value: object, row: Row, surroundings: Surroundings) -> None:
    if not isinstance(value, dict):
        raise Misfit("must be an object", group.name)
    if not value.keys() <= group.known:
        raise Misfit(f"has an unknown key; known are {', '.join(sorted(group.known))}", group.name)
    for key in group.members:
        try:
            _read_key(key, value.get(key.name), row, surroundings)
        except Misfit as misfit:
            raise misfit.under(group.name) from None


def _read_child(
    child: Child, value: object, row: Row, children: dict[str, list[ReadRow]], surroundings: Surroundings
) -> None:
    if value is None:
        if child.derive is not None:
            derived = child.derive(row, surroundings)
            children[child.name] = [ReadRow(section=child.section, row=each, children={}) for each in derived]
        return
    if not child.single and not isinstance(value, list):
        raise Misfit("must be a list", child.name)
    items = value if isinstance(value, list) and not child.single else [value]
    if child.bare:
        name = next(child.section.single_keys()).name
        items = [{name: item} for item in items]
    try:
        children[child.name] = [_read_section(child.section, item, surroundings) for item in items]
    except Misfit as misfit:
        raise misfit.under(child.name) from None


def _lay_out(read: ReadRow, number: int, builder: ChunkBuilder) -> None:
    """Put the row and all nested in it into the chunk, links filled in from the outside."""
    builder.add(read.section.table.fullname, read.row, number)
    for child in read.section.children:
        for inner in read.children.get(child.name, ()):
            for column, outer in child.links.items():
                inner.row[column] = read.row[outer]
            _lay_out(inner, number, builder)
