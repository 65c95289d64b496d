"""Rows left to a registrar: kept once for each source and reason, and closed when a later import takes them.

INVARIANT: no birth date comes here; this table is not the matcher's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.intake import Reason
from app.storage.intake.batches import Batch, Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRow:
    """A row for a registrar's eyes: `record_key` is the 32-byte digest of its cells."""

    line: int
    record_key: bytes
    reason: Reason
    column: str | None
    content: Mapping[str, str]


async def keep_parked(connection: Connection, batch: Batch, rows: Sequence[ParkedRow], at: datetime) -> None:
    """Keep parked rows; one that waits already, or has been decided, stays as it is."""
    if not rows:
        return
    await connection.execute(
        _KEEP,
        batch.id,
        batch.key.source,
        at,
        [row.line for row in rows],
        [row.record_key for row in rows],
        [row.reason.value for row in rows],
        [row.column for row in rows],
        [json.dumps(row.content, ensure_ascii=False) for row in rows],
    )


async def has_open_reviews(connection: Connection, source: str) -> bool:
    """Whether any row of a source waits for a registrar."""
    return bool(await connection.fetchval(_HAS_OPEN, source))


async def close_parked(connection: Connection, batch: Batch, record_keys: Sequence[bytes], at: datetime) -> None:
    """Close the review of rows that have now been taken."""
    if record_keys:
        await connection.execute(_CLOSE, batch.key.source, list(record_keys), at)


_KEEP: Final = """
INSERT INTO registry.review_items (id, batch_id, source, line, record_key, reason, column_name, content, parked_at)
SELECT gen_random_uuid(), $1, $2, p.line, p.record_key, p.reason, p.column_name, p.content, $3
FROM unnest($4::integer[], $5::bytea[], $6::text[], $7::text[], $8::jsonb[])
    AS p(line, record_key, reason, column_name, content)
ON CONFLICT (source, record_key, reason) DO NOTHING
"""

_HAS_OPEN: Final = """
SELECT EXISTS (SELECT FROM registry.review_items WHERE source = $1 AND resolved_at IS NULL)
"""

_CLOSE: Final = """
UPDATE registry.review_items SET resolved_by = 'import', resolved_at = $3
WHERE source = $1 AND record_key = ANY ($2) AND resolved_at IS NULL
"""
