"""Officers: who they are, where they served, what certified them.

INVARIANT: no birth date, no part of an SSN and no address is readable in any table here.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.domain.vocabulary import (
    CertificationStatus,
    IdentifierKind,
    NameKind,
    OfficerStatus,
    SeparationReason,
)
from app.storage.tables.columns import METADATA, REGISTRY, code, code_check, key, moment, paired, refers

OFFICERS = Table(
    "officers",
    METADATA,
    key(),
    # A second random id, for analysts alone: their rows join with nothing.
    Column("analyst_id", Uuid(), nullable=False, unique=True),
    code("status", OfficerStatus, default="ACTIVE"),
    refers("merged_into", "registry.officers.id", required=False),
    # The name they go by now; officer_names holds every one.
    Column("family_name", Text(), nullable=False),
    Column("given_name", Text(), nullable=False),
    Column("middle_name", Text()),
    Column("name_suffix", Text()),
    moment("recorded_at", now=True),
    code_check("status", OfficerStatus),
    CheckConstraint("(status = 'MERGED') = (merged_into IS NOT NULL)", name="merged_names_its_target"),
    CheckConstraint("length(family_name) <= 100 AND length(given_name) <= 100", name="name_length"),
    Index("ix_officers_family_name_given_name_id", "family_name", "given_name", "id"),
    schema=REGISTRY,
)

OFFICER_NAMES = Table(
    "officer_names",
    METADATA,
    key(),
    refers("officer_id", "registry.officers.id", indexed=True),
    code("kind", NameKind),
    Column("family_name", Text(), nullable=False),
    Column("given_name", Text(), nullable=False),
    Column("middle_name", Text()),
    Column("name_suffix", Text()),
    Column("from_date", Date()),
    Column("to_date", Date()),
    Column("source", Text(), nullable=False),
    code_check("kind", NameKind),
    CheckConstraint("to_date >= from_date", name="ends_after_start"),
    schema=REGISTRY,
)

OFFICER_IDENTIFIERS = Table(
    "officer_identifiers",
    METADATA,
    key(),
    refers("officer_id", "registry.officers.id", indexed=True),
    code("kind", IdentifierKind),
    # Who gave it: a POST's State code, or an agency's ORI for a badge or employee number.
    Column("issuer", Text(), nullable=False),
    Column("value", Text()),
    Column("value_token", LargeBinary()),
    Column("token_key_version", Integer()),
    Column("from_date", Date()),
    Column("to_date", Date()),
    Column("verified_by", Text()),
    moment("verified_at", required=False),
    code_check("kind", IdentifierKind),
    # INVARIANT: what must not be read back is stored as a keyed token only.
    CheckConstraint(
        "CASE WHEN kind = 'SSN_TOKEN' THEN value IS NULL AND octet_length(value_token) = 32"
        " AND token_key_version IS NOT NULL ELSE value IS NOT NULL AND value_token IS NULL END",
        name="token_or_value",
    ),
    CheckConstraint("to_date >= from_date", name="ends_after_start"),
    paired("verified_by", "verified_at"),
    Index(
        "uq_officer_identifiers_state_number",
        "kind",
        "issuer",
        "value",
        unique=True,
        postgresql_where="kind IN ('POST_LICENSE', 'STATE_OFFICER_ID')",
    ),
    schema=REGISTRY,
)

IDENTITY_LINKS = Table(
    "identity_links",
    METADATA,
    key(),
    refers("kept_officer_id", "registry.officers.id"),
    refers("merged_officer_id", "registry.officers.id"),
    Column("evidence", JSONB(), nullable=False),
    Column("decided_by", Text(), nullable=False),
    moment("decided_at", now=True),
    Column("split_by", Text()),
    moment("split_at", required=False),
    CheckConstraint("kept_officer_id <> merged_officer_id", name="two_officers"),
    paired("split_by", "split_at"),
    schema=REGISTRY,
)

NOT_SAME_PINS = Table(
    "not_same_pins",
    METADATA,
    key(),
    refers("first_officer_id", "registry.officers.id"),
    refers("second_officer_id", "registry.officers.id"),
    Column("asserted_by", Text(), nullable=False),
    moment("asserted_at", now=True),
    # One order of the pair, so that a pin exists once.
    CheckConstraint("first_officer_id < second_officer_id", name="ordered_pair"),
    Index("uq_not_same_pins_pair", "first_officer_id", "second_officer_id", unique=True),
    schema=REGISTRY,
)

STINTS = Table(
    "stints",
    METADATA,
    key(),
    refers("officer_id", "registry.officers.id", indexed=True),
    refers("agency_id", "registry.agencies.id"),
    Column("from_date", Date()),
    Column("to_date", Date()),
    Column("appointment_type", Text()),
    Column("rank", Text()),
    code("separation_reason", SeparationReason, required=False),
    refers("separation_asserted_by", "registry.agencies.id", required=False),
    # Whether the source said the stint goes on: a missing end date alone does not.
    Column("is_current", Boolean(), nullable=False),
    Column("source", Text(), nullable=False),
    moment("recorded_at", now=True),
    code_check("separation_reason", SeparationReason),
    CheckConstraint("to_date >= from_date", name="ends_after_start"),
    CheckConstraint("NOT (is_current AND to_date IS NOT NULL)", name="current_has_no_end"),
    CheckConstraint("NOT (is_current AND separation_reason IS NOT NULL)", name="current_has_no_separation"),
    Index("ix_stints_agency_id_officer_id", "agency_id", "officer_id"),
    schema=REGISTRY,
)

CERTIFICATIONS = Table(
    "certifications",
    METADATA,
    key(),
    refers("officer_id", "registry.officers.id", indexed=True),
    # The certifying authority, by the State or territory it certifies for.
    Column("state_code", Text(), nullable=False),
    Column("type", Text(), nullable=False),
    code("status", CertificationStatus),
    Column("from_date", Date()),
    Column("to_date", Date()),
    Column("source", Text(), nullable=False),
    code_check("status", CertificationStatus),
    CheckConstraint("state_code ~ '^[A-Z]{2}$'", name="state_code_form"),
    CheckConstraint("to_date >= from_date", name="ends_after_start"),
    UniqueConstraint(
        "officer_id",
        "state_code",
        "type",
        "from_date",
        name="uq_certifications_once",
        postgresql_nulls_not_distinct=True,
    ),
    Index("ix_certifications_state_code_officer_id", "state_code", "officer_id"),
    schema=REGISTRY,
)
