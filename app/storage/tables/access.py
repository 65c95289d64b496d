"""Who may act: grants of roles, consents, candidate checks, assignments, break-glass, monitors and notices.

INVARIANT: a right that ends has an end in its row; no right is ever deleted.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
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
    # The credentialing body for which the account acts.
    refers("body_id", "registry.credentialing_bodies.id", required=False),
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
    CheckConstraint("(role = 'credentialing_body') = (body_id IS NOT NULL)", name="body_of_role"),
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
    # Which officers an account is: asked of every row about a person by those who handle records.
    Index("ix_grants_account_officer", "account", postgresql_where=text("role = 'officer'")),
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
    Column("ended_by", Text()),
    moment("ended_at", required=False),
    paired("ended_by", "ended_at"),
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

BREAK_GLASS_ACCESSES = Table(
    "break_glass_accesses",
    METADATA,
    key(),
    # What it names need not exist: a key to the outcomes would tell whoever asks which ids there are.
    Column("series_id", Uuid(), nullable=False),
    Column("account", Text(), nullable=False),
    Column("case_number", Text(), nullable=False),
    Column("reason", Text(), nullable=False),
    Column("hours", Integer(), nullable=False),
    moment("requested_at", now=True),
    Column("approved_by", Text()),
    moment("approved_at", required=False),
    # From approval on, for the hours asked for; none before.
    Column("valid", TSTZRANGE()),
    Column("ended_by", Text()),
    moment("ended_at", required=False),
    CheckConstraint("length(account) BETWEEN 1 AND 200", name="account_length"),
    CheckConstraint("length(case_number) BETWEEN 1 AND 100", name="case_number_length"),
    CheckConstraint("length(reason) BETWEEN 1 AND 1000", name="reason_length"),
    CheckConstraint("hours BETWEEN 1 AND 24", name="hours_bounded"),
    CheckConstraint("approved_by <> account", name="two_persons"),
    CheckConstraint("(approved_by IS NULL) = (valid IS NULL)", name="valid_when_approved"),
    CheckConstraint("upper(valid) <= lower(valid) + make_interval(hours => hours)", name="no_longer_than_asked"),
    CheckConstraint(
        "ended_at IS NULL OR valid IS NULL OR isempty(valid) OR upper(valid) <= ended_at", name="ended_is_over"
    ),
    paired("approved_by", "approved_at"),
    paired("ended_by", "ended_at"),
    Index("ix_break_glass_accesses_account", "account"),
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
    Column("ended_by", Text()),
    moment("ended_at", required=False),
    paired("ended_by", "ended_at"),
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
    # What happened, where it can happen again to the same version.
    Column("event_id", Uuid()),
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
        "event_id",
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
    # The agency that received the answer it relies on.
    refers("agency_id", "registry.agencies.id", required=False, indexed=True),
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
