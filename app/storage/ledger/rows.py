"""The statements of the audit chains: how sealed records are put in and how a chain's end is read.

Rows are inserted and read; there is no statement here that changes or deletes one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from app.audit.chain import ChainHead, ItemRow, SealedRecord, read_microseconds, start_chain
from app.storage.ids import read_id

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[Any] | PoolConnectionProxy[Any]

# Every column of the two tables with its type, in the order in which they are written.
RECORD_COLUMNS: Final = (
    ("chain_id", "uuid"),
    ("position", "bigint"),
    ("id", "uuid"),
    ("kind", "text"),
    ("at", "timestamptz"),
    ("account", "text"),
    ("role", "text"),
    ("purpose", "text"),
    ("agency_id", "uuid"),
    ("state_code", "text"),
    ("check_id", "uuid"),
    ("operation", "text"),
    ("document_sha256", "bytea"),
    ("policy_sha256", "bytea"),
    ("input_commitment", "bytea"),
    ("result", "text"),
    ("item_count", "integer"),
    ("items_sha256", "bytea"),
    ("previous_hash", "bytea"),
    ("hash", "bytea"),
)
ITEM_COLUMNS: Final = (
    ("record_id", "uuid"),
    ("ordinal", "integer"),
    ("officer_id", "uuid"),
    ("series_id", "uuid"),
    ("version", "integer"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendedRecord:
    """A record's place in its chain, once it is stored."""

    record_id: UUID
    chain_id: UUID
    position: int
    hash: bytes


def _names(columns: Sequence[tuple[str, str]]) -> str:
    return ", ".join(name for name, _ in columns)


def _unnest(columns: Sequence[tuple[str, str]], first: int) -> str:
    arrays = ", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(columns, start=first))
    return f"SELECT * FROM unnest({arrays})"  # noqa: S608 - constants


# One statement for both tables: one round trip, and a transaction of its own where there is none around it.
INSERT: Final = (
    f"WITH kept AS (INSERT INTO audit.records ({_names(RECORD_COLUMNS)}) {_unnest(RECORD_COLUMNS, 1)}) "
    f"INSERT INTO audit.items ({_names(ITEM_COLUMNS)}) {_unnest(ITEM_COLUMNS, len(RECORD_COLUMNS) + 1)}"
)
READ_HEAD: Final = "SELECT position, hash FROM audit.records WHERE chain_id = $1 ORDER BY position DESC LIMIT 1"


async def insert_records(connection: Connection, sealed: Sequence[SealedRecord]) -> None:
    """Store sealed records with their items, all or none; commits by itself outside a transaction."""
    rows = [entry.row for entry in sealed]
    records = [
        [read_microseconds(row.at) for row in rows] if name == "at" else [getattr(row, name) for row in rows]
        for name, _ in RECORD_COLUMNS
    ]
    record_ids: list[UUID] = []
    items: list[ItemRow] = []
    for entry in sealed:
        record_ids += [read_id(str(entry.row.id))] * len(entry.items)
        items += entry.items
    # INVARIANT: the fields of an item are the columns after the record's id, in their order.
    columns = zip(*items, strict=True) if items else [()] * (len(ITEM_COLUMNS) - 1)
    await connection.execute(INSERT, *records, record_ids, *columns)


async def read_head(connection: Connection, chain_id: UUID) -> ChainHead:
    """Where a chain ends in the database; the beginning of it where there is nothing yet."""
    found = await connection.fetchrow(READ_HEAD, chain_id)
    if found is None:
        return start_chain(chain_id)
    return ChainHead(chain_id=chain_id, position=found["position"], hash=found["hash"])


def describe_appended(sealed: SealedRecord) -> AppendedRecord:
    """The place of a sealed record, for whoever waits for it."""
    row = sealed.row
    return AppendedRecord(record_id=row.id, chain_id=row.chain_id, position=row.position, hash=row.hash)
