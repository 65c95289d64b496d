"""The staging area of an import: what each row is, whether the source said it before, and what becomes of it.

INVARIANT: a row that the source has said before in the same words changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from app.domain.intake import AcceptedAs, Disposition, IntakeRow, Reason, RowIdentity
from app.storage.intake.batches import Connection

RowT_contra = TypeVar("RowT_contra", bound=IntakeRow, contravariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowVerdict:
    """What a merge made of one row."""

    line: int
    disposition: Disposition
    reason: Reason | None
    column: str | None
    became: AcceptedAs | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeContext:
    """In whose name a merge happens, and when."""

    source: str
    batch_id: UUID
    at: datetime


class Merge(Protocol[RowT_contra]):
    """Puts rows of one kind into the registry."""

    async def prepare(self, connection: Connection) -> None:
        """Make the staging tables, which go with the connection."""

    def list_tokens(self, row: RowT_contra) -> Iterable[object]:
        """What two rows must not share if they are to be merged at once."""

    async def merge(
        self, connection: Connection, context: MergeContext, rows: Sequence[RowT_contra]
    ) -> list[RowVerdict]:
        """Merge rows of which no two share a token; in the caller's transaction."""


async def create_staged_rows(connection: Connection) -> None:
    """Make the table that every kind of import shares."""
    await connection.execute(_CREATE)


async def stage_rows(connection: Connection, identities: Iterable[RowIdentity]) -> None:
    """Replace what is staged by these rows."""
    await connection.execute("TRUNCATE staged_rows")
    await copy_rows(
        connection,
        "staged_rows",
        ("line", "record_key", "content_sha256"),
        ((identity.line, identity.record_key, identity.content_sha256) for identity in identities),
    )


async def copy_rows(
    connection: Connection, table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]
) -> None:
    """COPY records into a staging table and let the planner know what is there."""
    await connection.copy_records_to_table(table, records=records, columns=columns)
    await connection.execute(_ANALYZE[table])


async def recall_rows(connection: Connection, context: MergeContext, target: str) -> None:
    """Mark what the source has said before; park what one file says in two ways."""
    await connection.execute(_RECALL, context.source, target, context.batch_id)


async def accept_rows(connection: Connection, context: MergeContext, target: str) -> list[RowVerdict]:
    """Accept what is left, remember what each row became, and give every row's verdict in the file's order."""
    await connection.execute(_ACCEPT)
    await connection.execute(_REMEMBER, context.source, target, context.batch_id)
    return [
        RowVerdict(
            line=row["line"],
            disposition=Disposition(row["verdict"]),
            reason=None if row["reason"] is None else Reason(row["reason"]),
            column=row["column_name"],
            became=None if row["became"] is None else AcceptedAs(row["became"]),
        )
        for row in await connection.fetch(_VERDICTS)
    ]


_ANALYZE: Final = {
    table: f"ANALYZE {table}"
    for table in ("staged_rows", "staged_agencies", "staged_careers", "staged_cases", "staged_steps")
}

# `target_id` is what the row became or becomes; `is_new` whether that has yet to be inserted.
_CREATE: Final = """
CREATE TEMP TABLE staged_rows (
    line bigint PRIMARY KEY,
    record_key bytea NOT NULL,
    content_sha256 bytea NOT NULL,
    target_id uuid,
    is_new boolean NOT NULL DEFAULT false,
    verdict text,
    reason text,
    column_name text,
    became text
)
"""

_RECALL: Final = """
UPDATE staged_rows r SET
    target_id = k.target_id,
    verdict = CASE WHEN k.content_sha256 = r.content_sha256 THEN 'unchanged' WHEN k.batch_id = $3 THEN 'parked' END,
    reason = CASE WHEN k.content_sha256 <> r.content_sha256 AND k.batch_id = $3 THEN 'RECORD_REPEATED_DIFFERENTLY' END
FROM registry.source_records k
WHERE k.source = $1 AND k.target = $2 AND k.record_key = r.record_key
"""

_ACCEPT: Final = "UPDATE staged_rows SET verdict = 'accepted' WHERE verdict IS NULL"

# What a batch repeats unchanged is its own word too: a second, different word in the same file is then a contradiction.
_REMEMBER: Final = """
INSERT INTO registry.source_records AS k (source, target, record_key, content_sha256, target_id, batch_id)
SELECT $1, $2, record_key, content_sha256, target_id, $3
FROM staged_rows WHERE verdict IN ('accepted', 'unchanged')
ON CONFLICT (source, target, record_key) DO UPDATE SET
    content_sha256 = excluded.content_sha256, target_id = excluded.target_id, batch_id = excluded.batch_id
WHERE k.content_sha256 <> excluded.content_sha256 OR k.batch_id <> excluded.batch_id
"""

_VERDICTS: Final = "SELECT line, verdict, reason, column_name, became FROM staged_rows ORDER BY line"
