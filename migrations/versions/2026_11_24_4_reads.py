"""What makes reads cheap: a context verified once a statement, and what lists are ordered and judged by on the row.

Why: a look-up verified its context some twenty times, and a list joined two tables to learn its own order. The context is
verified by `gate.open_context`, which notes its digest in sequences that nobody else may set; `gate.read_context` takes
what was verified in this statement of this connection, and verifies for itself otherwise (decision 0018). Reversible: yes.
New columns of `registry.outcome_series`, each set by triggers alone: `held` (true where no trigger saw the row: then its
holds are asked for) and `state_code` (where the reporting agency lies) for every reader of outcomes, `order_date` for
those who may read the date of the action.
"""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

from alembic import op

revision = "2026_11_24_4_reads"
down_revision = "2026_11_24_3_counting"
branch_labels = None
depends_on = None

SETS = (
    "own_officers",
    "full_candidates",
    "limited_candidates",
    "assigned_outcomes",
    "assigned_officers",
    "opened_outcomes",
    "opened_officers",
    "applicants",
    "credentialees",
)

# HMAC-SHA-256 (RFC 2104) from core sha256() and precomputed pads. A context is bound to its login, to the policy that the
# database stands on and to a grant that is still held; a mandate, to the claim of the account that gave it.
VERIFY_CONTEXT = """
CREATE FUNCTION gate.verify_context(signed text) RETURNS gate.context
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$
DECLARE
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
        OR (claims ->> 'expires') IS NULL
        OR (claims ->> 'expires')::bigint <= extract(epoch FROM clock_timestamp())
        OR NOT EXISTS (
            SELECT FROM gate.installation i WHERE encode(i.policy_sha256, 'hex') = claims ->> 'policy')
    THEN
        RETURN NULL;
    END IF;
    result.at := claims ->> 'at';
    result.account := claims ->> 'account';
    result.role := claims ->> 'role';
    result.purpose := claims ->> 'purpose';
    result.agency_id := claims ->> 'agency';
    result.state_code := claims ->> 'state';
    result.officer_id := claims ->> 'officer';
    result.grant_id := claims ->> 'grant';
    result.body_id := claims ->> 'body';
    IF result.role <> 'public' AND NOT EXISTS (
        SELECT FROM registry.grants g
        WHERE g.id = result.grant_id AND g.account = result.account AND g.role = result.role
            AND g.agency_id IS NOT DISTINCT FROM result.agency_id
            AND g.state_code IS NOT DISTINCT FROM result.state_code
            AND g.officer_id IS NOT DISTINCT FROM result.officer_id
            AND g.body_id IS NOT DISTINCT FROM result.body_id
            AND g.valid @> result.at
            AND (g.role <> 'officer_rep' OR NOT registry.is_own_account(g.granted_by, g.officer_id) OR EXISTS (
                SELECT FROM registry.grants o WHERE o.account = g.granted_by AND o.role = 'officer'
                    AND o.officer_id = g.officer_id AND o.valid @> result.at)))
    THEN
        RETURN NULL;
    END IF;
    RETURN gate.gather_sets(result);
END $$
"""
# Until a policy is put in place and writes it, nobody has any set.
NOTHING_GATHERED = """
CREATE FUNCTION gate.gather_sets(c gate.context) RETURNS gate.context LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN c;
END $$
"""
# What was verified is worth something in this statement alone: its moment is part of the digest. 128 bits of it, in two
# sequences: whoever would pass off another text needs a second preimage.
DIGEST = """
CREATE FUNCTION gate.digest_verified(verified text) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN encode(sha256(timestamptz_send(statement_timestamp()) || convert_to(verified, 'UTF8')), 'hex');
END $$
"""
OPEN_CONTEXT = """
CREATE FUNCTION gate.open_context(signed text) RETURNS gate.context
LANGUAGE plpgsql VOLATILE SECURITY DEFINER PARALLEL UNSAFE SET search_path = '' AS $$
DECLARE
    result gate.context := gate.verify_context(signed);
    verified text;
    digest text;
BEGIN
    PERFORM set_config('probity.context', coalesce(signed, ''), true);
    IF result.role IS NULL THEN
        PERFORM set_config('probity.verified', '', true);
        RETURN NULL;
    END IF;
    verified := result::text;
    PERFORM set_config('probity.verified', verified, true);
    digest := gate.digest_verified(verified);
    PERFORM setval('gate.verified_head', ('x' || left(digest, 16))::bit(64)::bigint),
        setval('gate.verified_tail', ('x' || right(digest, 16))::bit(64)::bigint);
    RETURN result;
END $$
"""
READ_CONTEXT = """
CREATE OR REPLACE FUNCTION gate.read_context() RETURNS gate.context
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = '' AS $$
DECLARE
    verified text := current_setting('probity.verified', true);
    digest text;
BEGIN
    -- INVARIANT: both sequences are set by `open_context` alone, so that what has their digest was verified here.
    -- It is taken for no longer than a request may last: rights end while a statement goes on.
    IF verified <> '' THEN
        digest := gate.digest_verified(verified);
        IF currval('gate.verified_head') = ('x' || left(digest, 16))::bit(64)::bigint
            AND currval('gate.verified_tail') = ('x' || right(digest, 16))::bit(64)::bigint
            AND clock_timestamp() < statement_timestamp() + interval '5 seconds'
        THEN
            RETURN verified::gate.context;
        END IF;
    END IF;
    RETURN gate.verify_context(current_setting('probity.context', true));
END $$
"""

PLACE_SERIES = """
CREATE FUNCTION registry.place_series() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    NEW.state_code := (SELECT a.state_code FROM registry.agencies a WHERE a.id = NEW.agency_id);
    NEW.order_date := coalesce((
        SELECT t.action_date FROM registry.outcome_contents t
        WHERE t.series_id = NEW.id AND t.version = NEW.current_version), 'infinity');
    NEW.held := EXISTS (SELECT FROM registry.holds h WHERE h.series_id = NEW.id);
    RETURN NEW;
END $$
"""
DATE_SERIES = """
CREATE FUNCTION registry.date_series() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE registry.outcome_series s SET order_date = CASE TG_OP WHEN 'DELETE' THEN 'infinity' ELSE c.action_date END
    FROM changed c
    WHERE s.id = c.series_id AND s.current_version = c.version
        AND s.order_date <> CASE TG_OP WHEN 'DELETE' THEN 'infinity' ELSE c.action_date END;
    RETURN NULL;
END $$
"""
MARK_HELD = """
CREATE FUNCTION registry.mark_held() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE registry.outcome_series s SET held = true FROM changed c WHERE s.id = c.series_id AND NOT s.held;
    RETURN NULL;
END $$
"""
MOVE_SERIES = """
CREATE FUNCTION registry.move_series() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    UPDATE registry.outcome_series s SET state_code = c.state_code FROM changed c
    WHERE s.agency_id = c.id AND s.state_code IS DISTINCT FROM c.state_code;
    RETURN NULL;
END $$
"""
# What a foreign key asks row by row, once a statement: a page discloses a hundred items. Neither table loses a row ever.
REQUIRE_RECORDS = """
CREATE FUNCTION audit.require_records() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT record_id FROM added) a
        WHERE NOT EXISTS (SELECT FROM audit.records r WHERE r.id = a.record_id))
    THEN
        RAISE EXCEPTION 'an item needs its record' USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""
FILL = """
UPDATE registry.outcome_series s SET state_code = a.state_code,
    order_date = coalesce((SELECT t.action_date FROM registry.outcome_contents t
        WHERE t.series_id = s.id AND t.version = s.current_version), 'infinity'),
    held = EXISTS (SELECT FROM registry.holds h WHERE h.series_id = s.id)
FROM registry.agencies a WHERE a.id = s.agency_id
"""
INDEXES = {
    "ix_outcome_series_agency_id_order_date_id": "agency_id, order_date, id",
    "ix_outcome_series_state_code_order_date_id": "state_code, order_date, id",
    "ix_outcome_series_order_date_id": "order_date, id",
}


def upgrade() -> None:
    """Create the columns with their triggers, and the gate that remembers."""
    op.execute(
        "ALTER TABLE registry.outcome_series ADD COLUMN held boolean NOT NULL DEFAULT true, "
        "ADD COLUMN state_code text, ADD COLUMN order_date date NOT NULL DEFAULT 'infinity'"
    )
    op.execute(FILL)
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON registry.outcome_series ({columns})")
    for function in (PLACE_SERIES, DATE_SERIES, MARK_HELD, MOVE_SERIES):
        op.execute(function)
    op.execute(
        "CREATE TRIGGER place_series BEFORE INSERT OR UPDATE OF agency_id, current_version, held, state_code, order_date "
        "ON registry.outcome_series FOR EACH ROW EXECUTE FUNCTION registry.place_series()"
    )
    _follow("registry.outcome_contents", "INSERT", "NEW", "registry.date_series()", "date_series")
    _follow("registry.outcome_contents", "DELETE", "OLD", "registry.date_series()", "undate_series")
    _follow("registry.holds", "INSERT", "NEW", "registry.mark_held()", "mark_held")
    _follow("registry.agencies", "UPDATE", "NEW", "registry.move_series()", "move_series")
    op.execute(REQUIRE_RECORDS)
    op.execute(
        "CREATE TRIGGER require_records AFTER INSERT ON audit.items REFERENCING NEW TABLE AS added "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit.require_records()"
    )
    op.drop_constraint("fk_items_record_id", "items", schema="audit")
    for name in SETS:
        op.execute(f"ALTER TYPE gate.context ADD ATTRIBUTE {name} uuid[]")
        op.execute(f"DROP FUNCTION gate.{name}() CASCADE")
    for sequence in ("verified_head", "verified_tail"):
        op.execute(f"CREATE UNLOGGED SEQUENCE gate.{sequence} MINVALUE -9223372036854775808 START 0")
    for function in (NOTHING_GATHERED, VERIFY_CONTEXT, DIGEST, OPEN_CONTEXT, READ_CONTEXT):
        op.execute(function)
    for signature in (
        "gather_sets(gate.context)",
        "verify_context(text)",
        "digest_verified(text)",
        "open_context(text)",
    ):
        op.execute(f"REVOKE ALL ON FUNCTION gate.{signature} FROM PUBLIC")


def downgrade() -> None:
    """Take them away; the wall that the policy writes is put back by the next upgrade."""
    # What was there stands in the revisions that made it.
    gate, access = (
        run_path(str(Path(__file__).with_name(name))) for name in ("2026_11_23_3_gate.py", "2026_11_24_1_access.py")
    )
    op.execute("DROP FUNCTION audit.require_records() CASCADE")
    op.create_foreign_key(
        "fk_items_record_id",
        "items",
        "records",
        ["record_id"],
        ["id"],
        ondelete="RESTRICT",
        source_schema="audit",
        referent_schema="audit",
    )
    op.execute(
        access["READ_CONTEXT"].format(
            policy=access["POLICY_STANDS"],
            body=", (claims ->> 'body')::uuid",
            same_body=access["SAME_BODY"] + access["MANDATE_STANDS"].format(moment="result.at"),
        )
    )
    for signature in (
        "open_context(text)",
        "digest_verified(text)",
        "verify_context(text)",
        "gather_sets(gate.context)",
    ):
        op.execute(f"DROP FUNCTION gate.{signature} CASCADE")
    op.execute("DROP SEQUENCE gate.verified_head, gate.verified_tail")
    for name in SETS:
        op.execute(f"ALTER TYPE gate.context DROP ATTRIBUTE {name} CASCADE")
    op.execute(gate["FULL"])
    op.execute(gate["LIMITED"])
    for name, query in access["ARRAYS"].items():
        op.execute(
            f"CREATE FUNCTION gate.{name}() RETURNS uuid[] LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE "
            f"SET search_path = '' AS $$ {query} $$"
        )
    op.execute("REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gate FROM PUBLIC")
    for function in ("place_series", "date_series", "mark_held", "move_series"):
        op.execute(f"DROP FUNCTION registry.{function}() CASCADE")
    op.execute(
        "ALTER TABLE registry.outcome_series DROP COLUMN held CASCADE, DROP COLUMN state_code CASCADE, "
        "DROP COLUMN order_date CASCADE"
    )


def _follow(table: str, event: str, rows: str, function: str, name: str) -> None:
    op.execute(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {rows} TABLE AS changed "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}"
    )
