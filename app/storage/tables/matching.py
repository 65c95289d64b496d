"""What the matcher alone may read: birth dates, look-up keys and verification tags.

INVARIANT: no login but the matcher's may select from schema `matching`, and no GraphQL field reads it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Uuid,
)

from app.domain.vocabulary import BirthDatePrecision
from app.storage.tables.columns import MATCHING, METADATA, code, code_check

BIRTH_DATES = Table(
    "birth_dates",
    METADATA,
    Column("officer_id", Uuid(), ForeignKey("registry.officers.id", ondelete="RESTRICT"), primary_key=True),
    # A year alone is kept as its first of January, a month as its first day, with the precision beside it.
    Column("birth_date", Date(), nullable=False),
    code("precision", BirthDatePrecision),
    code_check("precision", BirthDatePrecision),
    CheckConstraint(
        "CASE precision WHEN 'YEAR' THEN extract(doy FROM birth_date) = 1"
        " WHEN 'MONTH' THEN extract(day FROM birth_date) = 1 ELSE true END",
        name="precision_honest",
    ),
    schema=MATCHING,
)

OFFICER_KEYS = Table(
    "officer_keys",
    METADATA,
    Column("key", BigInteger(), nullable=False),
    Column("officer_id", Uuid(), ForeignKey("registry.officers.id", ondelete="RESTRICT"), nullable=False),
    Column("key_type", SmallInteger(), nullable=False),
    Column("key_version", Integer(), nullable=False),
    PrimaryKeyConstraint("key", "officer_id", "key_type"),
    Index("ix_officer_keys_officer_id", "officer_id"),
    schema=MATCHING,
)

VERIFICATION_TAGS = Table(
    "verification_tags",
    METADATA,
    Column("officer_id", Uuid(), ForeignKey("registry.officers.id", ondelete="RESTRICT"), nullable=False),
    Column("tag", LargeBinary(), nullable=False),
    Column("key_version", Integer(), nullable=False),
    PrimaryKeyConstraint("officer_id", "key_version"),
    CheckConstraint("octet_length(tag) = 32", name="tag_form"),
    schema=MATCHING,
)
