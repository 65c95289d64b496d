"""Credentialing, grant eligibility and the programs of EO 13929 sec. 2 and 4.

No person-level health data, ever: programs and surveys describe agencies and models.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, ExcludeConstraint

from app.domain.vocabulary import CredentialStatus
from app.storage.tables.columns import (
    METADATA,
    REGISTRY,
    code,
    code_check,
    codes,
    key,
    moment,
    paired,
    refers,
)

CREDENTIALING_BODIES = Table(
    "credentialing_bodies",
    METADATA,
    key(),
    Column("name", Text(), nullable=False, unique=True),
    codes("states"),
    schema=REGISTRY,
)

STANDARD_SETS = Table(
    "standard_sets",
    METADATA,
    key(),
    Column("name", Text(), nullable=False),
    Column("version", Integer(), nullable=False),
    Column("valid", DATERANGE(), nullable=False),
    Column("document_sha256", LargeBinary(), nullable=False),
    UniqueConstraint("name", "version"),
    schema=REGISTRY,
)

BODY_CERTIFICATIONS = Table(
    "body_certifications",
    METADATA,
    key(),
    refers("body_id", "registry.credentialing_bodies.id"),
    refers("standard_set_id", "registry.standard_sets.id"),
    Column("valid", DATERANGE(), nullable=False),
    Column("certified_by", Text(), nullable=False),
    moment("certified_at", now=True),
    ExcludeConstraint(("body_id", "="), ("valid", "&&"), name="ex_body_certifications_overlap", using="gist"),
    schema=REGISTRY,
)

AGENCY_CREDENTIALS = Table(
    "agency_credentials",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id"),
    refers("body_id", "registry.credentialing_bodies.id", required=False),
    code("status", CredentialStatus),
    Column("basis", Text()),
    Column("valid", DATERANGE(), nullable=False),
    # The credential is bound to the use-of-force policy that was reviewed.
    Column("policy_sha256", LargeBinary()),
    moment("recorded_at", now=True),
    code_check("status", CredentialStatus),
    CheckConstraint("basis IN ('BODY_REVIEW', 'PRIOR_36_MONTH_DETERMINATION', 'HEAD_AFFIRMATION')", name="basis_known"),
    ExcludeConstraint(("agency_id", "="), ("valid", "&&"), name="ex_agency_credentials_overlap", using="gist"),
    schema=REGISTRY,
)

POLICY_TESTS = Table(
    "policy_tests",
    METADATA,
    key(),
    refers("credential_id", "registry.agency_credentials.id", indexed=True),
    Column("test", Text(), nullable=False),
    Column("result", Text(), nullable=False),
    Column("clause_sha256", LargeBinary()),
    CheckConstraint("result IN ('PASSED', 'FAILED', 'NOT_REVIEWED')", name="result_known"),
    UniqueConstraint("credential_id", "test"),
    schema=REGISTRY,
)

GRANT_ELIGIBILITIES = Table(
    "grant_eligibilities",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id"),
    Column("as_of", Date(), nullable=False),
    Column("result", Text(), nullable=False),
    Column("proof", JSONB(), nullable=False),
    Column("decided_by", Text()),
    moment("decided_at", required=False),
    CheckConstraint("result IN ('ELIGIBLE', 'PROVISIONAL', 'NOT_ELIGIBLE', 'EXEMPT')", name="result_known"),
    paired("decided_by", "decided_at"),
    Index("ix_grant_eligibilities_agency_id_as_of", "agency_id", "as_of"),
    schema=REGISTRY,
)

TRAINING_RECORDS = Table(
    "training_records",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id"),
    Column("topic", Text(), nullable=False),
    Column("period", DATERANGE(), nullable=False),
    Column("officers_trained", Integer(), nullable=False),
    CheckConstraint("topic IN ('MENTAL_HEALTH', 'HOMELESSNESS', 'ADDICTION', 'DE_ESCALATION')", name="topic_known"),
    CheckConstraint("officers_trained >= 0", name="officers_trained_not_negative"),
    UniqueConstraint("agency_id", "topic", "period"),
    schema=REGISTRY,
)

CO_RESPONDER_PROGRAMS = Table(
    "co_responder_programs",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id"),
    Column("model", Text(), nullable=False),
    Column("valid", DATERANGE(), nullable=False),
    CheckConstraint(
        "model IN ('CIT', 'CO_RESPONDER', 'CLINICIAN_ONLY_MOBILE_CRISIS', 'SPECIALISED_POLICE',"
        " 'DISPATCH_EMBEDDED', 'CRISIS_CENTRE', 'FOLLOW_UP_CASE_MANAGEMENT', 'OUTREACH')",
        name="model_known",
    ),
    UniqueConstraint("agency_id", "model", "valid"),
    schema=REGISTRY,
)

SURVEYS = Table(
    "support_model_surveys",
    METADATA,
    key(),
    Column("name", Text(), nullable=False, unique=True),
    Column("opened_on", Date(), nullable=False),
    Column("closed_on", Date()),
    CheckConstraint("closed_on >= opened_on", name="closes_after_opening"),
    schema=REGISTRY,
)

SURVEY_RESPONSES = Table(
    "survey_responses",
    METADATA,
    key(),
    refers("survey_id", "registry.support_model_surveys.id"),
    refers("agency_id", "registry.agencies.id"),
    codes("models"),
    Column("answers", JSONB(), nullable=False),
    moment("received_at", now=True),
    UniqueConstraint("survey_id", "agency_id"),
    schema=REGISTRY,
)
