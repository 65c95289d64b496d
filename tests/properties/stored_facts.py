"""What a database holds, read as a whole by someone whom no wall binds: rows as Python values and as JSON.

The facts are the ground that answers are judged by; no function of the database is asked for any of them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Range

from app.storage.tables.everything import METADATA

Row = Mapping[str, Any]
TABLES = tuple(table.fullname for table in METADATA.sorted_tables if table.schema in {"registry", "audit"})


def lies_in(span: Range[Any] | None, moment: Any) -> bool:
    """Whether a span holds a moment: from its start on, up to but not including its end."""
    if span is None or span.isempty:
        return False
    return (span.lower is None or span.lower <= moment) and (span.upper is None or moment < span.upper)


@dataclass(frozen=True)
class Facts:
    """All rows by table, as of one moment; `texts` holds the same rows as the JSON that PostgreSQL makes of them."""

    at: datetime
    rows: Mapping[str, Sequence[Row]]
    texts: Mapping[str, Sequence[Row]]

    def group(self, table: str, column: str) -> dict[Any, list[Row]]:
        """The rows of a table by one column."""
        found: dict[Any, list[Row]] = defaultdict(list)
        for row in self.rows[table]:
            found[row[column]].append(row)
        return found

    @cached_property
    def by_id(self) -> dict[str, dict[UUID, Row]]:
        """Rows of tables with an id, by table and id."""
        return {
            table: {row["id"]: row for row in rows} for table, rows in self.rows.items() if rows and "id" in rows[0]
        }

    @cached_property
    def stints_of(self) -> dict[UUID, list[Row]]:
        """Stints by officer."""
        return self.group("registry.stints", "officer_id")

    @cached_property
    def certifications_of(self) -> dict[UUID, list[Row]]:
        """Certifications by officer."""
        return self.group("registry.certifications", "officer_id")

    @cached_property
    def outcomes_of(self) -> dict[UUID, list[Row]]:
        """Outcomes by officer."""
        return self.group("registry.outcome_series", "officer_id")

    @cached_property
    def holds_on(self) -> dict[UUID, list[Row]]:
        """Holds by outcome."""
        return self.group("registry.holds", "series_id")

    @cached_property
    def versions_of(self) -> dict[UUID, list[Row]]:
        """Versions by outcome."""
        return self.group("registry.outcome_versions", "series_id")

    @cached_property
    def contents_of(self) -> dict[UUID, list[Row]]:
        """What versions said, by outcome."""
        return self.group("registry.outcome_contents", "series_id")

    @cached_property
    def statuses_of(self) -> dict[UUID, list[Row]]:
        """How outcomes stood, by outcome."""
        return self.group("registry.outcome_statuses", "series_id")

    @cached_property
    def statements_of(self) -> dict[UUID, list[Row]]:
        """Officers' statements by outcome."""
        return self.group("registry.officer_statements", "series_id")

    @cached_property
    def disclosed_in(self) -> dict[UUID, list[Row]]:
        """What was disclosed, by audit record."""
        return self.group("audit.items", "record_id")

    def state_of_agency(self, agency: UUID) -> str | None:
        """Under which State's law an agency is."""
        state: str | None = self.by_id["registry.agencies"][agency]["state_code"]
        return state


async def read_facts(truth: asyncpg.Connection, at: datetime) -> Facts:
    """Read every table of the registry and of the audit chain."""
    rows: dict[str, list[Row]] = {}
    texts: dict[str, list[Row]] = {}
    for table in TABLES:
        found = await truth.fetch(f"SELECT t.*, to_jsonb(t) AS text__ FROM {table} t")
        rows[table] = [{name: value for name, value in row.items() if name != "text__"} for row in found]
        texts[table] = [json.loads(row["text__"]) for row in found]
    return Facts(at=at, rows=rows, texts=texts)
