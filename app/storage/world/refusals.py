"""What the database refused, told as the line to mend: its number and the rule it breaks, never a value.

The database's own detail holds values; it is searched here and never passed on.
"""

from __future__ import annotations

import re
from typing import Final

import asyncpg

from app.errors import ImportRefused
from app.storage.world.rows import TableRows

_COPY_LINE: Final = re.compile(r"^COPY \w+, line (\d+)", re.MULTILINE)
_KEY: Final = re.compile(r"^Key \((\w+)\)=\((.*)\)", re.DOTALL)


def explain_refusal(table: str, rows: TableRows, error: asyncpg.PostgresError) -> ImportRefused:
    """The refusal of a COPY into `table` as one about a line of the file."""
    fields = error.as_dict()
    index = _find_row(rows, fields.get("context") or "", fields.get("detail") or "")
    where = (
        f"line {rows.lines[index]}" if index is not None else f"between line {rows.lines[0]} and line {rows.lines[-1]}"
    )
    return ImportRefused(f"{where}: {_name_fault(table, fields, error)}; mend it and load again")


def _find_row(rows: TableRows, context: str, detail: str) -> int | None:
    if (found := _COPY_LINE.search(context)) and int(found[1]) <= len(rows.lines):
        return int(found[1]) - 1
    if (found := _KEY.search(detail)) and found[1] in rows.columns:
        place = rows.columns.index(found[1])
        return next((i for i, record in enumerate(rows.records) if str(record[place]) == found[2]), None)
    return None


def _name_fault(table: str, fields: dict[str, str], error: asyncpg.PostgresError) -> str:
    name = table.partition(".")[2]
    rule = fields.get("constraint_name", "")
    if isinstance(error, asyncpg.ForeignKeyViolationError):
        return f"its {_name_column(rule, name)} is on no earlier line"
    if isinstance(error, asyncpg.UniqueViolationError):
        return f"it repeats what an earlier line holds ({rule})"
    if isinstance(error, asyncpg.ExclusionViolationError):
        return f"it overlaps in time what an earlier line holds ({rule})"
    if rule:
        return f"it breaks the rule {rule}"
    return f"the table {name} does not take it (code {error.sqlstate})"


def _name_column(rule: str, table: str) -> str:
    return rule.removeprefix(f"fk_{table}_") or "reference"
