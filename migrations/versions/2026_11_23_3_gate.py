"""The gate: the signed context of a principal, verified inside the database.

Why: row security must know who asks even where the application is deceived; a context is signed, bound to one login,
expires, and names a grant that must still be held. Reversible: yes. New columns: `gate.context_pads` and
`gate.installation` are readable by the owner alone.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_23_3_gate"
down_revision = "2026_11_23_2_history"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE gate.context_pads (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    inner_pad bytea NOT NULL CHECK (octet_length(inner_pad) = 64),
    outer_pad bytea NOT NULL CHECK (octet_length(outer_pad) = 64)
);
CREATE TABLE gate.installation (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    created_at timestamptz NOT NULL DEFAULT now(),
    touched_by_production boolean NOT NULL DEFAULT false,
    clock_offset interval NOT NULL DEFAULT interval '0',
    policy_sha256 bytea CHECK (octet_length(policy_sha256) = 32)
);
INSERT INTO gate.installation DEFAULT VALUES;
CREATE TYPE gate.context AS (
    at timestamptz, account text, role text, purpose text,
    agency_id uuid, state_code text, officer_id uuid, grant_id uuid
)
"""

# HMAC-SHA-256 (RFC 2104) from core sha256() and precomputed pads: the embedded server has no pgcrypto.
READ_CONTEXT = """
CREATE FUNCTION gate.read_context() RETURNS gate.context
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
        OR (claims ->> 'expires')::bigint <= extract(epoch FROM statement_timestamp())
    THEN
        RETURN NULL;
    END IF;
    result := ROW(
        (claims ->> 'at')::timestamptz, claims ->> 'account', claims ->> 'role', claims ->> 'purpose',
        (claims ->> 'agency')::uuid, claims ->> 'state', (claims ->> 'officer')::uuid, (claims ->> 'grant')::uuid
    );
    IF result.role <> 'public' AND NOT EXISTS (
        SELECT FROM registry.grants g
        WHERE g.id = result.grant_id AND g.account = result.account AND g.role = result.role
            AND g.agency_id IS NOT DISTINCT FROM result.agency_id
            AND g.state_code IS NOT DISTINCT FROM result.state_code
            AND g.officer_id IS NOT DISTINCT FROM result.officer_id
            AND g.valid @> result.at)
    THEN
        RETURN NULL;
    END IF;
    RETURN result;
END $$
"""

# The live right of one account in one place: an account learns of no other's.
FIND_GRANT = """
CREATE FUNCTION gate.find_grant(
    wanted_account text, wanted_role text, wanted_ori text, wanted_state text, wanted_officer uuid, moment timestamptz
) RETURNS TABLE (id uuid, agency_id uuid, state_code text, officer_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT g.id, g.agency_id, g.state_code, g.officer_id
    FROM registry.grants g
    WHERE g.account = wanted_account AND g.role = wanted_role AND g.valid @> moment
        AND g.agency_id IS NOT DISTINCT FROM (SELECT o.agency_id FROM registry.agency_oris o WHERE o.ori = wanted_ori)
        AND g.state_code IS NOT DISTINCT FROM wanted_state
        AND g.officer_id IS NOT DISTINCT FROM wanted_officer
$$
"""

# The officers whom an open, matched check of the asking agency names, under a live consent of that scope.
CANDIDATES = """
CREATE FUNCTION gate.{scope}_candidates() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT coalesce(array_agg(DISTINCT k.officer_id), '{{}}')
    FROM gate.read_context() c
    JOIN registry.candidate_checks k ON k.agency_id = c.agency_id
    JOIN registry.consents s ON s.id = k.consent_id
    WHERE k.kind = '{kind}' AND k.match_result = 'MATCH'
        AND k.opened_at <= c.at AND k.expires_at > c.at AND (k.closed_at IS NULL OR k.closed_at > c.at)
        AND s.officer_id = k.officer_id AND s.agency_id = k.agency_id AND s.purpose = 'hiring'
        AND s.scope IN ({scopes})
        AND s.granted_at <= c.at AND s.expires_at > c.at AND (s.revoked_at IS NULL OR s.revoked_at > c.at)
$$
"""
FULL = CANDIDATES.format(scope="full", kind="FULL", scopes="'FULL'")
LIMITED = CANDIDATES.format(scope="limited", kind="LIMITED", scopes="'FULL', 'LIMITED'")

# Relations of one row, asked of tables that the asking login may not read as a whole.
PROBES = {
    "serves_agency(officer uuid, agency uuid)": """
        EXISTS (SELECT FROM registry.stints t WHERE t.officer_id = officer AND t.agency_id = agency)
        OR EXISTS (SELECT FROM registry.outcome_series o WHERE o.officer_id = officer AND o.agency_id = agency)""",
    "is_employed(officer uuid, agency uuid)": """
        EXISTS (SELECT FROM registry.stints t
            WHERE t.officer_id = officer AND t.agency_id = agency AND t.is_current)""",
    "serves_in_state(officer uuid, state text)": """
        EXISTS (SELECT FROM registry.stints t JOIN registry.agencies a ON a.id = t.agency_id
            WHERE t.officer_id = officer AND a.state_code = state)
        OR EXISTS (SELECT FROM registry.outcome_series o JOIN registry.agencies a ON a.id = o.agency_id
            WHERE o.officer_id = officer AND a.state_code = state)""",
    "is_certified(officer uuid, state text)": """
        EXISTS (SELECT FROM registry.certifications h WHERE h.officer_id = officer AND h.state_code = state)""",
    "is_assigned(series uuid, account text, role text, moment timestamptz)": """
        EXISTS (SELECT FROM registry.case_assignments k
            WHERE k.series_id = series AND k.account = is_assigned.account AND k.role = is_assigned.role
                AND k.valid @> moment)""",
    "is_disclosed_in(record uuid, officer uuid)": """
        EXISTS (SELECT FROM audit.items i WHERE i.record_id = record AND i.officer_id = officer)""",
}

# The same relations as sets, of the principal in the context alone: a login cannot ask for another's.
SETS = {
    "officers_serving": """
        SELECT t.officer_id FROM gate.read_context() c JOIN registry.stints t ON t.agency_id = c.agency_id
        UNION
        SELECT o.officer_id FROM gate.read_context() c JOIN registry.outcome_series o ON o.agency_id = c.agency_id""",
    "officers_employed": """
        SELECT t.officer_id FROM gate.read_context() c JOIN registry.stints t ON t.agency_id = c.agency_id
        WHERE t.is_current""",
    "officers_serving_in_state": """
        SELECT t.officer_id FROM gate.read_context() c JOIN registry.agencies a ON a.state_code = c.state_code
        JOIN registry.stints t ON t.agency_id = a.id
        UNION
        SELECT o.officer_id FROM gate.read_context() c JOIN registry.agencies a ON a.state_code = c.state_code
        JOIN registry.outcome_series o ON o.agency_id = a.id""",
    "officers_certified": """
        SELECT h.officer_id FROM gate.read_context() c
        JOIN registry.certifications h ON h.state_code = c.state_code""",
    "disclosures_of_me": """
        SELECT i.record_id FROM gate.read_context() c JOIN audit.items i ON i.officer_id = c.officer_id""",
}

# Which hold is on a series now: none, other, or seal where a seal order is among them.
HOLD_ON = """
CREATE FUNCTION gate.hold_on(target uuid, moment timestamptz) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT CASE WHEN bool_or(h.kind = 'SEAL_ORDER') THEN 'seal' WHEN count(*) > 0 THEN 'other' ELSE 'none' END
    FROM registry.holds h WHERE h.series_id = target AND h.valid @> moment
$$
"""

VIEWS = """
CREATE VIEW release.jurisdictions AS
    SELECT id, code, level, name, state_code, state_fips, county_fips, tribe_code, gnis_id, parent_id
    FROM registry.jurisdictions;
CREATE VIEW release.agencies AS
    SELECT id, jurisdiction_id, parent_id, name, kind, status, state_code, location_state, county_fips,
        sworn_count, size_band, rural
    FROM registry.agencies;
CREATE VIEW release.agency_oris AS SELECT ori, agency_id FROM registry.agency_oris
"""


def upgrade() -> None:
    """Create the context, the functions that relations ask, and the public's views of public facts."""
    for statement in TABLES.split(";"):
        op.execute(statement)
    for function in (READ_CONTEXT, FIND_GRANT, FULL, LIMITED, HOLD_ON):
        op.execute(function)
    for signature, condition in PROBES.items():
        op.execute(_define(signature, "boolean", f"SELECT {condition}"))
    for name, query in SETS.items():
        op.execute(_define(f"{name}()", "SETOF uuid", query))
    # Which policy's row security stands; readable by whoever asks whether this process may serve.
    op.execute(
        "CREATE FUNCTION gate.read_installation() RETURNS TABLE (revision text, policy_sha256 bytea, clock_offset interval) "
        "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$ "
        "SELECT v.version_num, i.policy_sha256, i.clock_offset FROM gate.installation i, gate.alembic_version v $$"
    )
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gate FROM PUBLIC")
    for statement in VIEWS.split(";"):
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for view in ("agency_oris", "agencies", "jurisdictions"):
        op.execute(f"DROP VIEW release.{view}")
    names = [
        "read_installation",
        "find_grant",
        "hold_on",
        "full_candidates",
        "limited_candidates",
        *SETS,
        *(each.partition("(")[0] for each in PROBES),
    ]
    for name in (*names, "read_context"):
        op.execute(f"DROP FUNCTION gate.{name} CASCADE")
    # Written by the upgrade, from the policy; without the gate nothing may ask it.
    op.execute("DROP FUNCTION IF EXISTS gate.officer_listing(uuid, timestamptz) CASCADE")
    op.execute("DROP TYPE gate.context")
    op.execute("DROP TABLE gate.installation, gate.context_pads")


def _define(signature: str, result: str, query: str) -> str:
    return (
        f"CREATE FUNCTION gate.{signature} RETURNS {result} LANGUAGE sql STABLE SECURITY DEFINER "
        f"PARALLEL SAFE SET search_path = '' AS $$ {query} $$"
    )
