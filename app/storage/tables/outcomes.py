"""Outcomes: series, their versions and contents, the four axes, and what is said about them.

INVARIANT: history is append-only; a version's content can be deleted by the expungement function and by nothing else.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE, ExcludeConstraint

from app.domain.vocabulary import (
    DeterminationResult,
    DisputeGround,
    DisputeOutcome,
    DisputeState,
    Finality,
    Finding,
    HoldKind,
    Lifecycle,
    MisconductBasis,
    OutcomeKind,
    ProcessElement,
    ReportType,
    StandardOfProof,
    VoidReason,
)
from app.storage.tables.columns import (
    METADATA,
    REGISTRY,
    code,
    code_check,
    codes,
    codes_check,
    key,
    moment,
    paired,
    refers,
)

SERIES = Table(
    "outcome_series",
    METADATA,
    key(),
    Column("analyst_id", Uuid(), nullable=False, unique=True),
    refers("officer_id", "registry.officers.id"),
    # The agency that reports, which also reviews nothing of its own.
    refers("agency_id", "registry.agencies.id"),
    refers("matter_id", "registry.matters.id", required=False, indexed=True),
    code("kind", OutcomeKind),
    # The axes as they stand; outcome_statuses holds every earlier standing.
    code("lifecycle", Lifecycle),
    code("finality", Finality),
    code("dispute", DisputeState, default="NONE"),
    code("void_reason", VoidReason, required=False),
    Column("current_version", Integer(), nullable=False, server_default=text("1")),
    # Set by triggers alone. Whether there is a hold on it or ever was, so that only such records are asked about (a row
    # that no trigger saw is); where the agency lies; the date of the action as it stands, `infinity` without content.
    Column("held", Boolean(), nullable=False, server_default=text("true")),
    Column("state_code", Text()),
    Column("order_date", Date(), nullable=False, server_default=text("'infinity'")),
    moment("created_at", now=True),
    moment("notice_served_at", required=False),
    moment("respond_by", required=False),
    moment("cleared_at", required=False),
    code_check("kind", OutcomeKind),
    code_check("lifecycle", Lifecycle),
    code_check("finality", Finality),
    code_check("dispute", DisputeState),
    code_check("void_reason", VoidReason),
    CheckConstraint("(lifecycle = 'VOIDED') <= (void_reason IS NOT NULL)", name="void_has_reason"),
    CheckConstraint("lifecycle <> 'CLEARED' OR cleared_at IS NOT NULL", name="cleared_has_time"),
    CheckConstraint(
        "lifecycle <> 'NOTICE' OR (notice_served_at IS NULL) = (respond_by IS NULL)", name="notice_has_term"
    ),
    CheckConstraint("current_version >= 1", name="version_positive"),
    Index("ix_outcome_series_officer_id_lifecycle", "officer_id", "lifecycle"),
    Index("ix_outcome_series_agency_id_id", "agency_id", "id"),
    Index("ix_outcome_series_agency_id_order_date_id", "agency_id", "order_date", "id"),
    Index("ix_outcome_series_state_code_order_date_id", "state_code", "order_date", "id"),
    Index("ix_outcome_series_order_date_id", "order_date", "id"),
    schema=REGISTRY,
)

STATUSES = Table(
    "outcome_statuses",
    METADATA,
    refers("series_id", "registry.outcome_series.id"),
    Column("recorded", TSTZRANGE(), nullable=False),
    code("lifecycle", Lifecycle),
    code("finality", Finality),
    code("dispute", DisputeState),
    code("void_reason", VoidReason, required=False),
    PrimaryKeyConstraint("series_id", "recorded"),
    code_check("lifecycle", Lifecycle),
    code_check("finality", Finality),
    code_check("dispute", DisputeState),
    CheckConstraint("NOT isempty(recorded)", name="recorded_not_empty"),
    ExcludeConstraint(("series_id", "="), ("recorded", "&&"), name="ex_outcome_statuses_overlap", using="gist"),
    schema=REGISTRY,
)

VERSIONS = Table(
    "outcome_versions",
    METADATA,
    refers("series_id", "registry.outcome_series.id"),
    Column("version", Integer(), nullable=False),
    code("report_type", ReportType),
    Column("supersedes", Integer()),
    # When the reported facts hold in the world, and when the registry said so.
    Column("valid", DATERANGE(), nullable=False),
    Column("recorded", TSTZRANGE(), nullable=False),
    # sha256 of salt and content: it proves the content while that is here, and tells nothing once it is expunged.
    Column("content_commitment", LargeBinary(), nullable=False),
    Column("certified_by", Text()),
    moment("certified_at", required=False),
    PrimaryKeyConstraint("series_id", "version"),
    code_check("report_type", ReportType),
    CheckConstraint("version >= 1 AND (version = 1) = (supersedes IS NULL)", name="supersedes_an_earlier"),
    CheckConstraint("supersedes < version", name="supersedes_before"),
    CheckConstraint("octet_length(content_commitment) = 32", name="commitment_form"),
    CheckConstraint("NOT isempty(recorded)", name="recorded_not_empty"),
    paired("certified_by", "certified_at"),
    ForeignKeyConstraint(
        ["series_id", "supersedes"],
        ["registry.outcome_versions.series_id", "registry.outcome_versions.version"],
    ),
    # One version speaks at a time.
    ExcludeConstraint(("series_id", "="), ("recorded", "&&"), name="ex_outcome_versions_overlap", using="gist"),
    schema=REGISTRY,
)

CONTENTS = Table(
    "outcome_contents",
    METADATA,
    Column("series_id", Uuid(), nullable=False),
    Column("version", Integer(), nullable=False),
    Column("commitment_salt", LargeBinary(), nullable=False),
    Column("action_date", Date(), nullable=False),
    codes("basis"),
    Column("force_related", Boolean(), nullable=False),
    codes("force_types"),
    Column("on_duty", Boolean()),
    code("recommended_finding", Finding, required=False),
    code("final_finding", Finding, required=False),
    code("standard_of_proof", StandardOfProof, required=False),
    Column("legal_basis", Text()),
    Column("conviction_basis", Text()),
    Column("civil_basis", Text()),
    Column("court", Text()),
    Column("court_case_number", Text()),
    PrimaryKeyConstraint("series_id", "version"),
    ForeignKeyConstraint(
        ["series_id", "version"],
        ["registry.outcome_versions.series_id", "registry.outcome_versions.version"],
        ondelete="RESTRICT",
    ),
    codes_check("basis", MisconductBasis),
    code_check("recommended_finding", Finding),
    code_check("final_finding", Finding),
    code_check("standard_of_proof", StandardOfProof),
    CheckConstraint(
        "conviction_basis IN ('JURY_VERDICT', 'BENCH_VERDICT', 'GUILTY_PLEA', 'NOLO_ACCEPTED')",
        name="conviction_basis_known",
    ),
    CheckConstraint(
        "civil_basis IN ('VERDICT', 'BENCH_JUDGMENT', 'SUMMARY_JUDGMENT', 'DEFAULT', 'CONSENT_WITH_ADMISSION')",
        name="civil_basis_known",
    ),
    schema=REGISTRY,
)

SERIES_LINKS = Table(
    "series_links",
    METADATA,
    refers("from_series_id", "registry.outcome_series.id"),
    refers("to_series_id", "registry.outcome_series.id"),
    Column("cause", Text(), nullable=False),
    moment("linked_at", now=True),
    PrimaryKeyConstraint("from_series_id", "to_series_id"),
    CheckConstraint("from_series_id <> to_series_id", name="two_series"),
    schema=REGISTRY,
)

HOLDS = Table(
    "holds",
    METADATA,
    key(),
    refers("series_id", "registry.outcome_series.id"),
    code("kind", HoldKind),
    Column("valid", TSTZRANGE(), nullable=False),
    Column("authority", Text(), nullable=False),
    Column("order_number", Text()),
    Column("order_sha256", LargeBinary()),
    Column("placed_by", Text(), nullable=False),
    moment("placed_at", now=True),
    Column("released_by", Text()),
    moment("released_at", required=False),
    code_check("kind", HoldKind),
    CheckConstraint("octet_length(order_sha256) = 32", name="order_digest_form"),
    paired("released_by", "released_at"),
    ExcludeConstraint(("series_id", "="), ("kind", "="), ("valid", "&&"), name="ex_holds_overlap", using="gist"),
    schema=REGISTRY,
)

DETERMINATIONS = Table(
    "determinations",
    METADATA,
    key(),
    Column("series_id", Uuid(), nullable=False),
    Column("version", Integer(), nullable=False),
    Column("rule_pack", Text(), nullable=False),
    Column("rule_pack_version", Integer(), nullable=False),
    code("result", DeterminationResult),
    codes("missing"),
    Column("decided_by", Text(), nullable=False),
    moment("decided_at", now=True),
    ForeignKeyConstraint(
        ["series_id", "version"], ["registry.outcome_versions.series_id", "registry.outcome_versions.version"]
    ),
    code_check("result", DeterminationResult),
    codes_check("missing", ProcessElement),
    CheckConstraint("(result = 'SATISFIED') = (cardinality(missing) = 0)", name="satisfied_misses_nothing"),
    Index("ix_determinations_series_id_version", "series_id", "version"),
    schema=REGISTRY,
)

DETERMINATION_ELEMENTS = Table(
    "determination_elements",
    METADATA,
    refers("determination_id", "registry.determinations.id"),
    code("element", ProcessElement),
    refers("evidence_id", "registry.evidence_items.id"),
    PrimaryKeyConstraint("determination_id", "element"),
    code_check("element", ProcessElement),
    schema=REGISTRY,
)

OFFICER_STATEMENTS = Table(
    "officer_statements",
    METADATA,
    key(),
    refers("series_id", "registry.outcome_series.id"),
    Column("version", Integer(), nullable=False),
    Column("body", Text(), nullable=False),
    Column("screened_by", Text()),
    moment("screened_at", required=False),
    Column("recorded", TSTZRANGE(), nullable=False),
    CheckConstraint("length(body) BETWEEN 1 AND 4000", name="body_length"),
    paired("screened_by", "screened_at"),
    UniqueConstraint("series_id", "version"),
    ExcludeConstraint(("series_id", "="), ("recorded", "&&"), name="ex_officer_statements_overlap", using="gist"),
    schema=REGISTRY,
)

DISPUTES = Table(
    "disputes",
    METADATA,
    key(),
    refers("series_id", "registry.outcome_series.id", indexed=True),
    code("ground", DisputeGround),
    moment("opened_at", now=True),
    moment("reporter_response_due", required=False),
    moment("reporter_answered_at", required=False),
    moment("elevated_at", required=False),
    Column("decided_by", Text()),
    moment("decided_at", required=False),
    code("outcome", DisputeOutcome, required=False),
    code_check("ground", DisputeGround),
    code_check("outcome", DisputeOutcome),
    paired("decided_by", "decided_at"),
    CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided_has_outcome"),
    schema=REGISTRY,
)
