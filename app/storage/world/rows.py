"""Rows on their way into the database: chunks of them, table by table, each with the line it came from.

INVARIANT: within a chunk a row refers only to rows of its own or an earlier line; earlier chunks are in the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.errors import ImportRefused
from app.storage.tables.everything import METADATA


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRows:
    """Rows of one table for COPY; `lines[i]` is the number of the line that `records[i]` came from."""

    columns: tuple[str, ...]
    records: Sequence[tuple[Any, ...]]
    lines: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """The rows of consecutive lines, by the full name of their table."""

    tables: Mapping[str, TableRows]


class ChunkBuilder:
    """Gathers rows until they are taken as a chunk, and refuses references to later lines within it."""

    def __init__(self, columns: Mapping[str, tuple[str, ...]]) -> None:
        self._columns = columns
        self._references = {table: _list_references(table, names) for table, names in columns.items()}
        self._empty()

    def _empty(self) -> None:
        self.size = 0
        self._records: dict[str, list[tuple[Any, ...]]] = {}
        self._lines: dict[str, list[int]] = {}
        self._known: dict[str, set[Any]] = {}
        # What a line refers to and this chunk does not hold yet: it must be in the database already.
        self._outside: dict[str, dict[Any, int]] = {}

    def add(self, table: str, row: Mapping[str, Any], line: int) -> None:
        """Add one row that came from `line`."""
        columns = self._columns[table]
        if table not in self._records:
            self._records[table], self._lines[table] = [], []
        self._records[table].append(tuple([row[name] for name in columns]))
        self._lines[table].append(line)
        self.size += 1
        if "id" in row:
            self._known.setdefault(table, set()).add(row["id"])
        for column, target in self._references[table]:
            value = row[column]
            if value is not None and value not in self._known.get(target, ()):
                self._outside.setdefault(target, {}).setdefault(value, line)

    def take(self) -> Chunk:
        """The chunk gathered so far; raises `ImportRefused` where a line refers to a later one."""
        for target, outside in self._outside.items():
            if later := outside.keys() & self._known.get(target, set()):
                first = min(outside[value] for value in later)
                raise ImportRefused(f"line {first}: refers to a later line; move it below that line and load again")
        tables = {
            name: TableRows(columns=self._columns[name], records=records, lines=self._lines[name])
            for name, records in self._records.items()
        }
        self._empty()
        return Chunk(tables=tables)


def _list_references(table: str, columns: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """The columns of `table` that refer to another table's id, with that table's full name."""
    found = []
    for column in METADATA.tables[table].columns:
        for key in column.foreign_keys:
            if column.name in columns and key.column.name == "id":
                found.append((column.name, key.column.table.fullname))
    return tuple(found)
