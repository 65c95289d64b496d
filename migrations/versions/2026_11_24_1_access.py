"""Access for every role: credentialing bodies' accounts, break-glass, self-dealing, and the policy a context is of.

Why: nobody handles his own record, an auditor reads content only when two persons opened it, and a statement planned
under one policy is not answered by a database that stands on another. Reversible: yes. New columns: grants.body_id (the
body an account acts for), break_glass_accesses (auditors' requests; auditors and those concerned), reliance_tasks.
agency_id (who relies), notices.event_id (what caused one), who ended an assignment or a monitor (the registry's staff).
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_24_1_access"
down_revision = "2026_11_23_4_jurisdictions"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE registry.grants ADD COLUMN body_id uuid
    CONSTRAINT fk_grants_body_id REFERENCES registry.credentialing_bodies (id) ON DELETE RESTRICT;
ALTER TABLE registry.grants ADD CONSTRAINT ck_grants_body_of_role
    CHECK ((role = 'credentialing_body') = (body_id IS NOT NULL));
ALTER TABLE registry.case_assignments ADD COLUMN ended_by text, ADD COLUMN ended_at timestamptz,
    ADD CONSTRAINT ck_case_assignments_ended_by_with_ended_at CHECK ((ended_by IS NULL) = (ended_at IS NULL));
ALTER TABLE registry.monitor_subscriptions ADD COLUMN ended_by text, ADD COLUMN ended_at timestamptz,
    ADD CONSTRAINT ck_monitor_subscriptions_ended_by_with_ended_at CHECK ((ended_by IS NULL) = (ended_at IS NULL));
ALTER TABLE registry.reliance_tasks ADD COLUMN agency_id uuid
    CONSTRAINT fk_reliance_tasks_agency_id REFERENCES registry.agencies (id) ON DELETE RESTRICT;
CREATE INDEX ix_reliance_tasks_agency_id ON registry.reliance_tasks (agency_id);
ALTER TABLE registry.notices ADD COLUMN event_id uuid;
ALTER TABLE registry.notices DROP CONSTRAINT uq_notices_once;
ALTER TABLE registry.notices ADD CONSTRAINT uq_notices_once
    UNIQUE NULLS NOT DISTINCT (agency_id, officer_id, state_code, series_id, version, cause, event_id);
CREATE TABLE registry.break_glass_accesses (
    id uuid NOT NULL CONSTRAINT pk_break_glass_accesses PRIMARY KEY,
    series_id uuid NOT NULL,
    account text NOT NULL CONSTRAINT ck_break_glass_accesses_account_length CHECK (length(account) BETWEEN 1 AND 200),
    case_number text NOT NULL
        CONSTRAINT ck_break_glass_accesses_case_number_length CHECK (length(case_number) BETWEEN 1 AND 100),
    reason text NOT NULL CONSTRAINT ck_break_glass_accesses_reason_length CHECK (length(reason) BETWEEN 1 AND 1000),
    hours integer NOT NULL CONSTRAINT ck_break_glass_accesses_hours_bounded CHECK (hours BETWEEN 1 AND 24),
    requested_at timestamptz NOT NULL DEFAULT now(),
    approved_by text,
    approved_at timestamptz,
    valid tstzrange,
    ended_by text,
    ended_at timestamptz,
    CONSTRAINT ck_break_glass_accesses_two_persons CHECK (approved_by <> account),
    CONSTRAINT ck_break_glass_accesses_valid_when_approved CHECK ((approved_by IS NULL) = (valid IS NULL)),
    CONSTRAINT ck_break_glass_accesses_no_longer_than_asked
        CHECK (upper(valid) <= lower(valid) + make_interval(hours => hours)),
    CONSTRAINT ck_break_glass_accesses_ended_is_over
        CHECK (ended_at IS NULL OR valid IS NULL OR isempty(valid) OR upper(valid) <= ended_at),
    CONSTRAINT ck_break_glass_accesses_approved_by_with_approved_at
        CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CONSTRAINT ck_break_glass_accesses_ended_by_with_ended_at CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE INDEX ix_break_glass_accesses_account ON registry.break_glass_accesses (account);
CREATE INDEX ix_grants_account_officer ON registry.grants (account) WHERE role = 'officer'
"""

# A policy's digest is part of the context: what was planned under one policy is not answered under another.
READ_CONTEXT = """
CREATE OR REPLACE FUNCTION gate.read_context() RETURNS gate.context
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$
DECLARE
    signed text := current_setting('probity.context', true);
    payload text;
    pads gate.context_pads;
    claims jsonb;
    result gate.context;
BEGIN
    IF signed IS NULL OR length(signed) < 66 THEN
        RETURN NULL;
    END IF;
    SELECT * INTO pads FROM gate.context_pads;
    payload := substr(signed, 66);
    IF pads.inner_pad IS NULL OR left(signed, 64) <> encode(
        sha256(pads.outer_pad || sha256(pads.inner_pad || convert_to(payload, 'UTF8'))), 'hex')
    THEN
        RETURN NULL;
    END IF;
    claims := payload::jsonb;
    IF (claims ->> 'login') IS DISTINCT FROM session_user::text
        OR (claims ->> 'expires')::bigint <= extract(epoch FROM statement_timestamp()){policy}
    THEN
        RETURN NULL;
    END IF;
    result := ROW(
        (claims ->> 'at')::timestamptz, claims ->> 'account', claims ->> 'role', claims ->> 'purpose',
        (claims ->> 'agency')::uuid, claims ->> 'state', (claims ->> 'officer')::uuid, (claims ->> 'grant')::uuid{body}
    );
    IF result.role <> 'public' AND NOT EXISTS (
        SELECT FROM registry.grants g
        WHERE g.id = result.grant_id AND g.account = result.account AND g.role = result.role
            AND g.agency_id IS NOT DISTINCT FROM result.agency_id
            AND g.state_code IS NOT DISTINCT FROM result.state_code
            AND g.officer_id IS NOT DISTINCT FROM result.officer_id{same_body}
            AND g.valid @> result.at)
    THEN
        RETURN NULL;
    END IF;
    RETURN result;
END $$
"""
POLICY_STANDS = """
        OR (claims ->> 'expires') IS NULL
        OR NOT EXISTS (
            SELECT FROM gate.installation i WHERE encode(i.policy_sha256, 'hex') = claims ->> 'policy')"""
SAME_BODY = """
            AND g.body_id IS NOT DISTINCT FROM result.body_id"""
# A mandate is over with the claim of the account that gave it: a wrong claim leaves none behind.
MANDATE_STANDS = """
            AND (g.role <> 'officer_rep' OR NOT registry.is_own_account(g.granted_by, g.officer_id) OR EXISTS (
                SELECT FROM registry.grants o WHERE o.account = g.granted_by AND o.role = 'officer'
                    AND o.officer_id = g.officer_id AND o.valid @> {moment}))"""

FIND_GRANT = """
CREATE FUNCTION gate.find_grant(
    wanted_account text, wanted_role text, wanted_ori text, wanted_state text, wanted_officer uuid, moment timestamptz
) RETURNS TABLE (id uuid, agency_id uuid, state_code text, officer_id uuid{column})
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT g.id, g.agency_id, g.state_code, g.officer_id{value}
    FROM registry.grants g
    WHERE g.account = wanted_account AND g.role = wanted_role AND g.valid @> moment
        AND g.agency_id IS NOT DISTINCT FROM (SELECT o.agency_id FROM registry.agency_oris o WHERE o.ori = wanted_ori)
        AND g.state_code IS NOT DISTINCT FROM wanted_state
        AND g.officer_id IS NOT DISTINCT FROM wanted_officer{mandate}{login}
$$
"""
# A login asks for rights in its own roles alone; that of commands, for any.
OF_THE_LOGIN = """
        AND session_user::text IN ('probity_command', CASE
            WHEN wanted_role IN ('hiring_investigator', 'records_officer', 'agency_head') THEN 'probity_agency'
            WHEN wanted_role = 'post_officer' THEN 'probity_post'
            WHEN wanted_role IN ('officer', 'officer_rep') THEN 'probity_officer'
            WHEN wanted_role = 'doj_adjudicator' THEN 'probity_doj'
            WHEN wanted_role = 'doj_analyst' THEN 'probity_analyst'
            WHEN wanted_role = 'auditor' THEN 'probity_auditor'
            WHEN wanted_role = 'registrar' THEN 'probity_registrar'
            WHEN wanted_role IN ('doj_grants', 'doj_certifier', 'credentialing_body') THEN 'probity_credentials'
        END)"""

# What it answered for any account that was named, `assigned_outcomes` answers for the one in the context.
IS_ASSIGNED = (
    "CREATE FUNCTION gate.is_assigned(series uuid, account text, role text, moment timestamptz) RETURNS boolean "
    "LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$ SELECT \n"
    "        EXISTS (SELECT FROM registry.case_assignments k\n"
    "            WHERE k.series_id = series AND k.account = is_assigned.account AND k.role = is_assigned.role\n"
    "                AND k.valid @> moment) $$"
)

# Sets of the principal in the context alone, as arrays: they are small, and asked once a statement.
ARRAYS = {
    # The officers that the account itself is: in an officer's or representative's role the one it acts for, in any
    # other role every officer it was ever known as, for a right that ended does not make it another person.
    "own_officers": """
        SELECT CASE WHEN c.role IN ('officer', 'officer_rep') THEN ARRAY[c.officer_id]
            ELSE (SELECT coalesce(array_agg(DISTINCT g.officer_id), '{}')
                FROM registry.grants g WHERE g.account = c.account AND g.role = 'officer') END
        FROM gate.read_context() c WHERE c.account IS NOT NULL""",
    "assigned_outcomes": """
        SELECT coalesce(array_agg(k.series_id), '{}') FROM gate.read_context() c
        JOIN registry.case_assignments k ON k.account = c.account AND k.role = c.role AND k.valid @> c.at""",
    "assigned_officers": """
        SELECT coalesce(array_agg(DISTINCT o.officer_id), '{}') FROM gate.read_context() c
        JOIN registry.case_assignments k ON k.account = c.account AND k.role = c.role AND k.valid @> c.at
        JOIN registry.outcome_series o ON o.id = k.series_id""",
    "opened_outcomes": """
        SELECT coalesce(array_agg(b.series_id), '{}') FROM gate.read_context() c
        JOIN registry.break_glass_accesses b ON b.account = c.account AND b.valid @> c.at""",
    "opened_officers": """
        SELECT coalesce(array_agg(DISTINCT o.officer_id), '{}') FROM gate.read_context() c
        JOIN registry.break_glass_accesses b ON b.account = c.account AND b.valid @> c.at
        JOIN registry.outcome_series o ON o.id = b.series_id""",
    "applicants": """
        SELECT coalesce(array_agg(DISTINCT k.agency_id), '{}') FROM gate.read_context() c
        JOIN registry.agency_credentials k ON k.body_id = c.body_id
        WHERE k.status IN ('SOUGHT', 'IN_PROCESS') AND k.valid @> (c.at AT TIME ZONE 'UTC')::date""",
    "credentialees": """
        SELECT coalesce(array_agg(DISTINCT k.agency_id), '{}') FROM gate.read_context() c
        JOIN registry.agency_credentials k ON k.body_id = c.body_id
        WHERE k.status IN ('CERTIFIED', 'RE_REVIEW_DUE') AND k.valid @> (c.at AT TIME ZONE 'UTC')::date""",
}

# A request is approved once and ended once; everything else in it stays as it was.
ONLY_APPROVE_OR_END = """
CREATE FUNCTION registry.only_approve_or_end() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    open_columns text[] := ARRAY['approved_by', 'approved_at', 'valid', 'ended_by', 'ended_at'];
BEGIN
    IF (to_jsonb(OLD) - open_columns) <> (to_jsonb(NEW) - open_columns)
        OR (OLD.approved_by IS NOT NULL
            AND (OLD.approved_by, OLD.approved_at) IS DISTINCT FROM (NEW.approved_by, NEW.approved_at))
        OR (OLD.ended_by IS NOT NULL AND to_jsonb(OLD) <> to_jsonb(NEW))
        OR (OLD.approved_by IS NULL AND NEW.approved_by IS NOT NULL AND NEW.ended_by IS NOT NULL)
        OR (OLD.valid IS NOT NULL AND OLD.valid <> NEW.valid AND NOT (
            isempty(NEW.valid) OR (lower(OLD.valid) = lower(NEW.valid) AND upper(NEW.valid) <= upper(OLD.valid))))
    THEN
        RAISE EXCEPTION 'a break-glass access is approved once and ended once' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

# What names nothing that may be shown, or was asked by one who is an auditor no longer, is not opened: one refusal for
# absent, draft, sealed and expunged, and nobody is told of nothing. `may_be_opened` is written from the policy.
ONLY_OPEN_WHAT_SHOWS = """
CREATE FUNCTION registry.only_open_what_shows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF NOT gate.may_be_opened(NEW.series_id, NEW.approved_at) OR NOT EXISTS (
        SELECT FROM registry.grants g
        WHERE g.account = NEW.account AND g.role = 'auditor' AND g.valid @> NEW.approved_at)
    THEN
        RAISE EXCEPTION 'there is nothing to open' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

# Whether an account is, or was ever known as, that officer.
IS_OWN_ACCOUNT = """
CREATE FUNCTION registry.is_own_account(named text, officer uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT EXISTS (
        SELECT FROM registry.grants g WHERE g.account = named AND g.role = 'officer' AND g.officer_id = officer)
$$
"""

# Nobody judges, certifies, screens or keeps closed his own record, and no one judges for the agency that reports.
# Arguments: the columns that name accounts; then, after 'agency', those that may not be of the reporting agency either.
REFUSE_OWN_HAND = """
CREATE FUNCTION registry.refuse_own_hand() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    series registry.outcome_series;
    given jsonb := to_jsonb(NEW);
    named text;
    outsider boolean := false;
    argument text;
BEGIN
    SELECT * INTO series FROM registry.outcome_series o WHERE o.id = (given ->> 'series_id')::uuid;
    FOREACH argument IN ARRAY TG_ARGV LOOP
        IF argument = 'agency' THEN
            outsider := true;
            CONTINUE;
        END IF;
        named := given ->> argument;
        IF registry.is_own_account(named, series.officer_id) THEN
            RAISE EXCEPTION 'nobody acts on a record of his own' USING ERRCODE = 'restrict_violation';
        END IF;
        IF outsider AND EXISTS (
            SELECT FROM registry.grants g WHERE g.account = named AND g.agency_id = series.agency_id)
        THEN
            RAISE EXCEPTION 'nobody judges a report of his own agency' USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    RETURN NEW;
END $$
"""
OWN_HAND = {
    "registry.case_assignments": "'assigned_by', 'agency', 'account'",
    "registry.determinations": "'agency', 'decided_by'",
    "registry.disputes": "'agency', 'decided_by'",
    "registry.outcome_versions": "'certified_by'",
    "registry.officer_statements": "'screened_by'",
    "registry.holds": "'placed_by', 'released_by'",
}

APPROVED = "WHEN (OLD.approved_by IS NULL AND NEW.approved_by IS NOT NULL)"

# INVARIANT: opening an outcome to an auditor and telling everyone concerned are one act.
TELL_BREAK_GLASS = """
CREATE FUNCTION registry.tell_break_glass() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    INSERT INTO registry.notices
        (id, agency_id, officer_id, state_code, series_id, version, cause, event_id, channel, created_at)
    SELECT gen_random_uuid(), r.agency_id, r.officer_id, r.state_code, o.id, o.current_version,
        'BREAK_GLASS_OPENED', NEW.id, 'INBOX', NEW.approved_at
    FROM registry.outcome_series o, LATERAL (
        SELECT o.agency_id, NULL::uuid AS officer_id, NULL::text AS state_code
        UNION ALL SELECT NULL, o.officer_id, NULL
        UNION ALL SELECT DISTINCT NULL::uuid, NULL::uuid, h.state_code
            FROM registry.certifications h WHERE h.officer_id = o.officer_id) r
    WHERE o.id = NEW.series_id;
    RETURN NEW;
END $$
"""

VIEWS = """
CREATE VIEW release.credentialing_bodies AS SELECT id, name, states FROM registry.credentialing_bodies;
CREATE VIEW release.agency_credentials AS
    SELECT id, agency_id, body_id, status, basis, valid FROM registry.agency_credentials
"""


def upgrade() -> None:
    """Add the columns, the table, the sets and the triggers."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    op.execute("ALTER TYPE gate.context ADD ATTRIBUTE body_id uuid")
    op.execute(IS_OWN_ACCOUNT)
    op.execute("DROP FUNCTION gate.find_grant(text, text, text, text, uuid, timestamptz)")
    op.execute("DROP FUNCTION gate.is_assigned(uuid, text, text, timestamptz) CASCADE")
    op.execute(
        READ_CONTEXT.format(
            policy=POLICY_STANDS,
            body=", (claims ->> 'body')::uuid",
            same_body=SAME_BODY + MANDATE_STANDS.format(moment="result.at"),
        )
    )
    op.execute(
        FIND_GRANT.format(
            column=", body_id uuid",
            value=", g.body_id",
            mandate=MANDATE_STANDS.format(moment="moment"),
            login=OF_THE_LOGIN,
        )
    )
    for name, query in ARRAYS.items():
        op.execute(
            f"CREATE FUNCTION gate.{name}() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE "
            f"SET search_path = '' AS $$ {query} $$"
        )
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gate FROM PUBLIC")
    for function in (ONLY_APPROVE_OR_END, ONLY_OPEN_WHAT_SHOWS, REFUSE_OWN_HAND, TELL_BREAK_GLASS):
        op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION registry.is_own_account(text, uuid) FROM PUBLIC")
    _guard_break_glass()
    for table, arguments in OWN_HAND.items():
        op.execute(
            f"CREATE TRIGGER refuse_own_hand BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW "
            f"EXECUTE FUNCTION registry.refuse_own_hand({arguments})"
        )
    for table in ("case_assignments", "monitor_subscriptions"):
        _sign_ends(table, "{ended_by,ended_at}")
    for statement in VIEWS.split(";"):
        op.execute(statement)


def _guard_break_glass() -> None:
    table = "registry.break_glass_accesses"
    op.execute(
        f"CREATE TRIGGER only_approve_or_end BEFORE UPDATE ON {table} FOR EACH ROW "
        "EXECUTE FUNCTION registry.only_approve_or_end()"
    )
    op.execute(
        f"CREATE TRIGGER append_only BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION registry.refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
        "EXECUTE FUNCTION registry.refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER tell_everyone AFTER UPDATE ON {table} FOR EACH ROW "
        f"{APPROVED} EXECUTE FUNCTION registry.tell_break_glass()"
    )
    # On approval only: a request is taken whatever it names, or its refusal would tell whom a record is about.
    op.execute(
        f"CREATE TRIGGER refuse_own_hand BEFORE UPDATE ON {table} FOR EACH ROW {APPROVED} "
        "EXECUTE FUNCTION registry.refuse_own_hand('account', 'approved_by')"
    )
    op.execute(
        f"CREATE TRIGGER only_open_what_shows BEFORE UPDATE ON {table} FOR EACH ROW {APPROVED} "
        "EXECUTE FUNCTION registry.only_open_what_shows()"
    )


def _sign_ends(table: str, columns: str) -> None:
    op.execute(f"DROP TRIGGER only_close ON registry.{table}")
    op.execute(
        f"CREATE TRIGGER only_close BEFORE UPDATE ON registry.{table} FOR EACH ROW "
        f"EXECUTE FUNCTION registry.only_close('valid', '{columns}')"
    )


def downgrade() -> None:
    """Take them away again."""
    for view in ("agency_credentials", "credentialing_bodies"):
        op.execute(f"DROP VIEW release.{view}")
    for table in ("case_assignments", "monitor_subscriptions"):
        _sign_ends(table, "{}")
    for function in (
        "refuse_own_hand()",
        "tell_break_glass()",
        "only_approve_or_end()",
        "only_open_what_shows()",
        "is_own_account(text, uuid)",
    ):
        op.execute(f"DROP FUNCTION registry.{function} CASCADE")
    for name in ARRAYS:
        op.execute(f"DROP FUNCTION gate.{name}() CASCADE")
    # Written by the upgrade, from the policy.
    op.execute("DROP FUNCTION IF EXISTS gate.listed_in_state_alone(uuid, text, timestamptz) CASCADE")
    op.execute("DROP FUNCTION IF EXISTS gate.may_be_opened(uuid, timestamptz) CASCADE")
    op.execute("DROP FUNCTION gate.find_grant(text, text, text, text, uuid, timestamptz)")
    op.execute(FIND_GRANT.format(column="", value="", mandate="", login=""))
    op.execute(READ_CONTEXT.format(policy="", body="", same_body=""))
    op.execute(IS_ASSIGNED)
    op.execute("ALTER TYPE gate.context DROP ATTRIBUTE body_id CASCADE")
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gate FROM PUBLIC")
    op.execute("DROP TABLE registry.break_glass_accesses")
    op.execute("ALTER TABLE registry.notices DROP CONSTRAINT uq_notices_once, DROP COLUMN event_id CASCADE")
    op.execute(
        "ALTER TABLE registry.notices ADD CONSTRAINT uq_notices_once "
        "UNIQUE NULLS NOT DISTINCT (agency_id, officer_id, state_code, series_id, version, cause)"
    )
    op.execute("DROP INDEX registry.ix_grants_account_officer")
    op.execute("ALTER TABLE registry.reliance_tasks DROP COLUMN agency_id CASCADE")
    for table in ("case_assignments", "monitor_subscriptions"):
        op.execute(f"ALTER TABLE registry.{table} DROP COLUMN ended_by CASCADE, DROP COLUMN ended_at CASCADE")
    op.execute("ALTER TABLE registry.grants DROP COLUMN body_id CASCADE")
