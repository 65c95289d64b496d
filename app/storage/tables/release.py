"""What the public may reach: frozen releases, their cells and their ledger.

INVARIANT: nothing here is computed when it is asked for, and no cell refers to a record.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.tables.columns import METADATA, RELEASE, moment, paired

RELEASES = Table(
    "releases",
    METADATA,
    Column("id", Uuid(), primary_key=True),
    Column("vintage", Integer(), nullable=False, unique=True),
    Column("status", Text(), nullable=False),
    moment("frozen_at"),
    Column("reviewed_by", Text()),
    moment("reviewed_at", required=False),
    Column("published_by", Text()),
    moment("published_at", required=False),
    Column("manifest", JSONB(), nullable=False),
    Column("manifest_sha256", LargeBinary(), nullable=False),
    Column("signature", LargeBinary()),
    CheckConstraint("status IN ('DRAFT', 'REVIEWED', 'PUBLISHED')", name="status_known"),
    CheckConstraint("(status = 'PUBLISHED') <= (signature IS NOT NULL)", name="published_is_signed"),
    CheckConstraint("published_by <> reviewed_by", name="two_people"),
    paired("reviewed_by", "reviewed_at"),
    paired("published_by", "published_at"),
    schema=RELEASE,
)

CELLS = Table(
    "cells",
    METADATA,
    Column("release_id", Uuid(), ForeignKey("release.releases.id"), nullable=False),
    Column("table_name", Text(), nullable=False),
    Column("cell", Text(), nullable=False),
    Column("dimensions", JSONB(), nullable=False),
    Column("value", Numeric()),
    Column("interval_low", Numeric()),
    Column("interval_high", Numeric()),
    Column("reliability", Text(), nullable=False),
    PrimaryKeyConstraint("release_id", "table_name", "cell"),
    CheckConstraint("interval_low <= interval_high", name="interval_ordered"),
    schema=RELEASE,
)

PRIVACY_LEDGER = Table(
    "privacy_ledger",
    METADATA,
    Column("id", Uuid(), primary_key=True),
    Column("vintage", Integer(), nullable=False),
    Column("table_name", Text(), nullable=False),
    Column("rho", Numeric(), nullable=False),
    moment("intended_at"),
    moment("drawn_at", required=False),
    CheckConstraint("rho > 0", name="rho_positive"),
    # A second draw of the same table in the same vintage is impossible.
    UniqueConstraint("vintage", "table_name"),
    schema=RELEASE,
)
