"""Imports: batches, what each source row became, and rows parked for a registrar.

A parked row keeps its content here, for the registrar's eyes; no log and no report repeats it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.tables.columns import METADATA, REGISTRY, key, moment, paired, refers

IMPORT_BATCHES = Table(
    "import_batches",
    METADATA,
    key(),
    Column("kind", Text(), nullable=False),
    Column("source", Text(), nullable=False),
    Column("file_sha256", LargeBinary(), nullable=False),
    Column("mapping_sha256", LargeBinary(), nullable=False),
    # `rows` keeps each chunk as it goes and can be resumed; `file` keeps all or nothing.
    Column("transaction_scope", Text(), nullable=False),
    Column("rows_done", BigInteger(), nullable=False, server_default="0"),
    Column("counts", JSONB(), nullable=False),
    moment("started_at", now=True),
    moment("finished_at", required=False),
    CheckConstraint("kind IN ('agencies', 'careers', 'cases')", name="kind_known"),
    CheckConstraint("transaction_scope IN ('rows', 'file')", name="scope_known"),
    UniqueConstraint("kind", "source", "file_sha256", "mapping_sha256"),
    schema=REGISTRY,
)

SOURCE_RECORDS = Table(
    "source_records",
    METADATA,
    # What a row of a source became: the reason why twice is once.
    Column("source", Text(), nullable=False),
    Column("target", Text(), nullable=False),
    Column("record_key", LargeBinary(), nullable=False),
    Column("content_sha256", LargeBinary(), nullable=False),
    Column("target_id", Uuid(), nullable=False),
    refers("batch_id", "registry.import_batches.id"),
    PrimaryKeyConstraint("source", "target", "record_key"),
    Index("ix_source_records_target_id", "target_id"),
    CheckConstraint("octet_length(record_key) = 32 AND octet_length(content_sha256) = 32", name="digest_form"),
    schema=REGISTRY,
)

REVIEW_ITEMS = Table(
    "review_items",
    METADATA,
    key(),
    refers("batch_id", "registry.import_batches.id"),
    Column("source", Text(), nullable=False),
    Column("line", Integer(), nullable=False),
    Column("record_key", LargeBinary(), nullable=False),
    Column("reason", Text(), nullable=False),
    Column("column_name", Text()),
    Column("content", JSONB(), nullable=False),
    moment("parked_at", now=True),
    Column("resolved_by", Text()),
    moment("resolved_at", required=False),
    paired("resolved_by", "resolved_at"),
    # A row waits once, however often its source repeats it.
    UniqueConstraint("source", "record_key", "reason"),
    schema=REGISTRY,
)
