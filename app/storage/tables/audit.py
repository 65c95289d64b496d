"""The audit chain: what was disclosed, asked in vain, commanded and imported, in append-only hash chains.

INVARIANT: rows are inserted and read, never changed; each record's hash covers the one before it.
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
    Uuid,
)

from app.storage.tables.columns import AUDIT, METADATA, moment

RECORDS = Table(
    "records",
    METADATA,
    # One chain for each writer process; position counts from 1 without a gap.
    Column("chain_id", Uuid(), nullable=False),
    Column("position", BigInteger(), nullable=False),
    Column("id", Uuid(), nullable=False, unique=True),
    Column("kind", Text(), nullable=False),
    moment("at"),
    Column("account", Text(), nullable=False),
    Column("role", Text(), nullable=False),
    Column("purpose", Text(), nullable=False),
    Column("agency_id", Uuid()),
    Column("state_code", Text()),
    Column("check_id", Uuid()),
    # The operation by its name and the digest of its text, or the command's name.
    Column("operation", Text(), nullable=False),
    Column("document_sha256", LargeBinary(), nullable=False),
    Column("policy_sha256", LargeBinary(), nullable=False),
    # A commitment to what was asked for (variables) under a salt: provable, not readable.
    Column("input_commitment", LargeBinary(), nullable=False),
    Column("result", Text(), nullable=False),
    Column("item_count", Integer(), nullable=False),
    Column("items_sha256", LargeBinary(), nullable=False),
    Column("previous_hash", LargeBinary(), nullable=False),
    Column("hash", LargeBinary(), nullable=False),
    PrimaryKeyConstraint("chain_id", "position"),
    CheckConstraint("kind IN ('DISCLOSURE', 'QUERY', 'COMMAND', 'IMPORT', 'SETUP')", name="kind_known"),
    CheckConstraint("position >= 1", name="position_from_one"),
    CheckConstraint("octet_length(hash) = 32 AND octet_length(previous_hash) = 32", name="hash_form"),
    CheckConstraint(
        "octet_length(document_sha256) = 32 AND octet_length(policy_sha256) = 32 "
        "AND octet_length(input_commitment) = 32 AND octet_length(items_sha256) = 32",
        name="digest_form",
    ),
    CheckConstraint(
        "CASE kind WHEN 'DISCLOSURE' THEN item_count > 0 WHEN 'QUERY' THEN item_count = 0 ELSE item_count >= 0 END",
        name="items_fit_kind",
    ),
    Index("ix_records_account_at", "account", "at"),
    schema=AUDIT,
)

ITEMS = Table(
    "items",
    METADATA,
    Column("record_id", Uuid(), nullable=False),
    Column("ordinal", Integer(), nullable=False),
    Column("officer_id", Uuid(), nullable=False),
    # The series and version disclosed; none where only the officer was.
    Column("series_id", Uuid()),
    Column("version", Integer()),
    # That its record is there is asked by a trigger, once a statement.
    PrimaryKeyConstraint("record_id", "ordinal"),
    CheckConstraint("(series_id IS NULL) = (version IS NULL)", name="series_with_version"),
    CheckConstraint("ordinal >= 1", name="ordinal_from_one"),
    Index("ix_items_officer_id", "officer_id"),
    Index("ix_items_series_id", "series_id"),
    schema=AUDIT,
)

# Loading puts records before what belongs to them.
ITEMS.add_is_dependent_on(RECORDS)

CHECKPOINTS = Table(
    "checkpoints",
    METADATA,
    Column("id", Uuid(), primary_key=True),
    moment("at"),
    Column("chain_heads_sha256", LargeBinary(), nullable=False),
    Column("chains", Integer(), nullable=False),
    Column("key_id", Text(), nullable=False),
    Column("signature", LargeBinary(), nullable=False),
    schema=AUDIT,
)
