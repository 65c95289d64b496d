"""Who may act: grants of roles, consents, candidate checks, assignments, monitors and notices.

INVARIANT: a right that ends has an end in its row; no right is ever deleted.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint

from app.domain.vocabulary import CheckKind, CheckReason, ConsentScope, MatchResult, Role
from app.storage.tables.columns import METADATA, REGISTRY, code, code_check, key, moment, paired, refers

GRANTS = Table(
    "grants",
    METADATA,
    key(),
    # The account (`sub` of the token) that holds the role.
    Column("account", Text(), nullable=False),
    code("role", Role),
    refers("agency_id", "registry.agencies.id", required=False, indexed=True),
    Column("state_code", Text()),
    refers("officer_id", "registry.officers.id", required=False, indexed=True),
    Column("valid", TSTZRANGE(), nullable=False),
    Column("granted_by", Text(), nullable=False),
    moment("granted_at", now=True),
    Column("revoked_by", Text()),
    moment("revoked_at", required=False),
    Column("case_number", Text()),
    code_check("role", Role),
    CheckConstraint("length(account) BETWEEN 1 AND 200", name="account_length"),
    CheckConstraint("role <> 'public'", name="public_needs_no_grant"),
    CheckConstraint(
        "CASE WHEN role IN ('hiring_investigator', 'records_officer', 'agency_head', 'credentialing_body')"
        " THEN agency_id IS NOT NULL OR role = 'credentialing_body'"
        " WHEN role = 'post_officer' THEN state_code IS NOT NULL"
        " WHEN role IN ('officer', 'officer_rep') THEN officer_id IS NOT NULL ELSE true END",
        name="scope_of_role",
    ),
    CheckConstraint("granted_by <> account", name="not_to_oneself"),
    paired("revoked_by", "revoked_at"),
    # The same right is held once at a time.
    ExcludeConstraint(
        ("account", "="),
        ("role", "="),
        (text("coalesce(agency_id, '00000000-0000-0000-0000-000000000000'::uuid)"), "="),
        (text("coalesce(state_code, '')"), "="),
        (text("coalesce(officer_id, '00000000-0000-0000-0000-000000000000'::uuid)"), "="),
        ("valid", "&&"),
        name="ex_grants_overlap",
        using="gist",
    ),
    Index("ix_grants_account_role", "account", "role"),
    schema=REGISTRY,
)

CONSENTS = Table(
    "consents",
    METADATA,
    key(),
    refers("officer_id", "registry.officers.id", indexed=True),
    refers("agency_id", "registry.agencies.id"),
    code("scope", ConsentScope),
    Column("purpose", Text(), nullable=False),
    moment("granted_at", now=True),
    moment("expires_at"),
    Column("uses_left", Integer(), nullable=False),
    moment("revoked_at", required=False),
    code_check("scope", ConsentScope),
    CheckConstraint("purpose IN ('hiring', 'monitoring')", name="purpose_known"),
    CheckConstraint("uses_left >= 0", name="uses_left_not_negative"),
    CheckConstraint("expires_at > granted_at", name="expires_after_grant"),
    schema=REGISTRY,
)

CANDIDATE_CHECKS = Table(
    "candidate_checks",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id"),
    Column("opened_by", Text(), nullable=False),
    code("kind", CheckKind),
    code("reason", CheckReason),
    code("match_result", MatchResult),
    refers("officer_id", "registry.officers.id", required=False),
    refers("consent_id", "registry.consents.id", required=False),
    moment("opened_at", now=True),
    moment("expires_at"),
    moment("closed_at", required=False),
    code_check("kind", CheckKind),
    code_check("reason", CheckReason),
    code_check("match_result", MatchResult),
    CheckConstraint("(match_result = 'MATCH') = (officer_id IS NOT NULL)", name="match_names_officer"),
    CheckConstraint("expires_at > opened_at", name="expires_after_opening"),
    Index("ix_candidate_checks_agency_id_officer_id", "agency_id", "officer_id"),
    Index("ix_candidate_checks_agency_id_opened_at", "agency_id", "opened_at"),
    schema=REGISTRY,
)

CASE_ASSIGNMENTS = Table(
    "case_assignments",
    METADATA,
    key(),
    refers("series_id", "registry.outcome_series.id", indexed=True),
    Column("account", Text(), nullable=False),
    code("role", Role),
    Column("valid", TSTZRANGE(), nullable=False),
    Column("assigned_by", Text(), nullable=False),
    CheckConstraint("role IN ('post_officer', 'doj_adjudicator')", name="role_may_judge"),
    CheckConstraint("assigned_by <> account", name="not_to_oneself"),
    ExcludeConstraint(
        ("series_id", "="),
        ("account", "="),
        ("valid", "&&"),
        name="ex_case_assignments_overlap",
        using="gist",
    ),
    Index("ix_case_assignments_account", "account"),
    schema=REGISTRY,
)

MONITOR_SUBSCRIPTIONS = Table(
    "monitor_subscriptions",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id"),
    refers("officer_id", "registry.officers.id", indexed=True),
    refers("stint_id", "registry.stints.id", required=False),
    Column("valid", TSTZRANGE(), nullable=False),
    Column("renewal_due", Date(), nullable=False),
    ExcludeConstraint(
        ("agency_id", "="),
        ("officer_id", "="),
        ("valid", "&&"),
        name="ex_monitor_subscriptions_overlap",
        using="gist",
    ),
    schema=REGISTRY,
)

NOTICES = Table(
    "notices",
    METADATA,
    key(),
    refers("agency_id", "registry.agencies.id", required=False, indexed=True),
    refers("officer_id", "registry.officers.id", required=False, indexed=True),
    Column("state_code", Text()),
    refers("series_id", "registry.outcome_series.id"),
    Column("version", Integer(), nullable=False),
    Column("cause", Text(), nullable=False),
    Column("channel", Text(), nullable=False),
    moment("created_at", now=True),
    moment("sent_at", required=False),
    moment("acknowledged_at", required=False),
    moment("due_at", required=False),
    CheckConstraint("num_nonnulls(agency_id, officer_id, state_code) = 1", name="one_recipient"),
    # Exactly once for a recipient, a version and a cause.
    UniqueConstraint(
        "agency_id",
        "officer_id",
        "state_code",
        "series_id",
        "version",
        "cause",
        name="uq_notices_once",
        postgresql_nulls_not_distinct=True,
    ),
    schema=REGISTRY,
)

RELIANCE_TASKS = Table(
    "reliance_tasks",
    METADATA,
    key(),
    refers("notice_id", "registry.notices.id", indexed=True),
    Column("chain_id", Text(), nullable=False),
    Column("chain_position", Integer(), nullable=False),
    Column("required_action", Text(), nullable=False),
    moment("due_at"),
    Column("done_by", Text()),
    moment("done_at", required=False),
    CheckConstraint("required_action IN ('ACKNOWLEDGE', 'RE_DECIDE', 'DESTROY_COPY')", name="action_known"),
    paired("done_by", "done_at"),
    schema=REGISTRY,
)

COMMAND_KEYS = Table(
    "command_keys",
    METADATA,
    # One answer for one key of one account: a repeated command is answered, not repeated.
    Column("account", Text(), primary_key=True),
    Column("idempotency_key", Text(), primary_key=True),
    Column("command", Text(), nullable=False),
    Column("input_sha256", Text(), nullable=False),
    Column("target_id", Text(), nullable=False),
    Column("result", Text(), nullable=False),
    moment("at", now=True),
    schema=REGISTRY,
)
