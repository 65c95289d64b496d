"""Exports as their owner sees them: how far each has come, and what its file is.

A row names a path, never a place on disk; the file is read with a token, at `/exports/{id}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any

import strawberry
from sqlalchemy import Text, cast, literal_column

import app.schema.scalars  # noqa: F401 - names the codes of the contract
from app.domain.vocabulary import ExportFailure, ExportFormat, ExportState
from app.planning.catalogue import LeafForm
from app.schema.fields import column, computed, global_id
from app.schema.relay import Node
from app.storage.tables.exports import EXPORTS


@strawberry.type(description="An export of the caller's own: exact rows of analysis as a file, not for release.")
class Export(Node):
    """What was asked for and how far it has come."""

    id: strawberry.ID = global_id(EXPORTS.c.id)
    format: ExportFormat | None = column(EXPORTS.c.format, "What the file is.")
    question: str | None = column(EXPORTS.c.question, "The filter, as JSON.")
    state: ExportState | None = column(EXPORTS.c.state, "How far it has come.")
    failure: ExportFailure | None = column(EXPORTS.c.failure, "Why there is no file, where it failed.")
    requested_at: datetime | None = column(EXPORTS.c.requested_at, "When it was asked for.")
    started_at: datetime | None = column(EXPORTS.c.started_at, "When it was begun.")
    finished_at: datetime | None = column(EXPORTS.c.finished_at, "When it was ready, or failed.")
    expires_at: datetime | None = column(EXPORTS.c.expires_at, "When its file is deleted.")
    rows_estimated: int | None = column(EXPORTS.c.rows_estimated, "How many rows it will have, about.")
    rows_done: int | None = column(EXPORTS.c.rows_done, "How many rows are done.")
    size_bytes: int | None = column(EXPORTS.c.size_bytes, "The size of the file.")
    sha256: str | None = column(EXPORTS.c.sha256, "The SHA-256 of the file.", form=LeafForm.HEXADECIMAL)
    path: str | None = computed(
        lambda row: literal_column("'/exports/'") + cast(row.c.id, Text), "Where the file is read, with a token."
    )


def write_question(given: Mapping[str, Any] | None) -> str:
    """A coerced filter as the JSON text it was sent as: names sorted, codes by name."""
    return json.dumps(_spell(given or {}), sort_keys=True, separators=(",", ":"))


def _spell(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, Mapping):
        return {str(name): _spell(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_spell(each) for each in value]
    return value
