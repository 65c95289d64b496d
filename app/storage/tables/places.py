"""Jurisdictions and agencies: public facts about who polices where.

No table here may hold a fact about a person.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint

from app.domain.vocabulary import AgencyKind, AgencyStatus, JurisdictionLevel, SizeBand
from app.storage.tables.columns import METADATA, REGISTRY, code, code_check, key, moment, paired, refers

JURISDICTIONS = Table(
    "jurisdictions",
    METADATA,
    key(),
    # One stable public code: US, a postal code (WA), a county FIPS code (53033), or TRIBE-<slug>.
    Column("code", Text(), nullable=False, unique=True),
    code("level", JurisdictionLevel),
    Column("name", Text(), nullable=False),
    Column("state_code", Text()),
    Column("state_fips", Text()),
    Column("county_fips", Text()),
    Column("tribe_code", Text()),
    Column("gnis_id", Text()),
    refers("parent_id", "registry.jurisdictions.id", required=False, indexed=True),
    code_check("level", JurisdictionLevel),
    CheckConstraint("state_code ~ '^[A-Z]{2}$'", name="state_code_form"),
    CheckConstraint("county_fips ~ '^[0-9]{5}$'", name="county_fips_form"),
    CheckConstraint(
        "(level IN ('STATE', 'TERRITORIAL', 'LOCAL')) = (state_code IS NOT NULL)", name="state_code_where_due"
    ),
    schema=REGISTRY,
)

AGENCIES = Table(
    "agencies",
    METADATA,
    key(),
    refers("jurisdiction_id", "registry.jurisdictions.id", indexed=True),
    refers("parent_id", "registry.agencies.id", required=False),
    Column("name", Text(), nullable=False),
    # What a name is compared by: letters and digits only, upper case.
    Column(
        "name_key",
        Text(),
        Computed("upper(btrim(regexp_replace(name, '[^A-Za-z0-9]+', ' ', 'g')))", persisted=True),
        nullable=False,
    ),
    code("kind", AgencyKind),
    code("status", AgencyStatus, default="ACTIVE"),
    # The State whose law the agency is under: none for a tribe or a federal agency.
    Column("state_code", Text()),
    # Where it is, whoever's law it is under.
    Column("location_state", Text()),
    Column("county_fips", Text()),
    Column("sworn_count", Integer()),
    code("size_band", SizeBand, required=False),
    Column("rural", Boolean()),
    moment("recorded_at", now=True),
    code_check("kind", AgencyKind),
    code_check("status", AgencyStatus),
    code_check("size_band", SizeBand),
    CheckConstraint("length(name) BETWEEN 1 AND 200", name="name_length"),
    CheckConstraint("sworn_count >= 0", name="sworn_count_not_negative"),
    Index("ix_agencies_name_key_location_state", "name_key", "location_state"),
    Index("ix_agencies_state_code_id", "state_code", "id"),
    Index("ix_agencies_name_id", "name", "id"),
    schema=REGISTRY,
)

AGENCY_ORIS = Table(
    "agency_oris",
    METADATA,
    Column("ori", Text(), primary_key=True),
    refers("agency_id", "registry.agencies.id", indexed=True),
    CheckConstraint("ori ~ '^[A-Z]{2}[A-Z0-9]{7}$'", name="ori_form"),
    schema=REGISTRY,
)

AGENCY_ENROLLMENTS = Table(
    "agency_enrollments",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id", indexed=True),
    Column("role", Text(), nullable=False),
    Column("certifying_official", Text(), nullable=False),
    Column("valid", DATERANGE(), nullable=False),
    Column("last_attestation", Date()),
    Column("renewal_due", Date(), nullable=False),
    CheckConstraint("role IN ('SUBMITTER', 'QUERIER', 'MONITOR')", name="role_known"),
    ExcludeConstraint(
        ("agency_id", "="), ("role", "="), ("valid", "&&"), name="ex_agency_enrollments_overlap", using="gist"
    ),
    schema=REGISTRY,
)

AUTHORIZED_AGENTS = Table(
    "authorized_agents",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id"),
    Column("agent", Text(), nullable=False),
    Column("scope", Text(), nullable=False),
    Column("valid", DATERANGE(), nullable=False),
    schema=REGISTRY,
)

PERIOD_REPORTS = Table(
    "period_reports",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id"),
    Column("period", DATERANGE(), nullable=False),
    Column("report_count", Integer(), nullable=False),
    Column("is_zero", Boolean(), Computed("report_count = 0", persisted=True), nullable=False),
    Column("certified_by", Text()),
    moment("certified_at", required=False),
    CheckConstraint("report_count >= 0", name="report_count_not_negative"),
    paired("certified_by", "certified_at"),
    ExcludeConstraint(("agency_id", "="), ("period", "&&"), name="ex_period_reports_overlap", using="gist"),
    schema=REGISTRY,
)

ATTESTATIONS = Table(
    "attestations",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id", indexed=True),
    Column("period", DATERANGE(), nullable=False),
    Column("statement", Text(), nullable=False),
    Column("history_digest", Text(), nullable=False),
    Column("answer", Boolean(), nullable=False),
    Column("attested_by", Text(), nullable=False),
    moment("attested_at", now=True),
    schema=REGISTRY,
)

AUTHORITIES = Table(
    "authorities",
    METADATA,
    key(),
    Column("kind", Text(), nullable=False),
    Column("citation", Text(), nullable=False),
    Column("jurisdiction_id", ForeignKey("registry.jurisdictions.id"), nullable=False, index=True),
    Column("valid", DATERANGE(), nullable=False),
    ExcludeConstraint(
        ("jurisdiction_id", "="), ("kind", "="), ("valid", "&&"), name="ex_authorities_overlap", using="gist"
    ),
    schema=REGISTRY,
)
