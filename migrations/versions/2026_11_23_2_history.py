"""Append-only history, and the standing of an outcome written down at every change.

Why: invariants that must hold against our own code are triggers, not conventions. Reversible: yes. New columns: none.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_23_2_history"
down_revision = "2026_11_23_1_schema"
branch_labels = None
depends_on = None

# Rows that are never changed nor deleted.
FROZEN = (
    "audit.records",
    "audit.items",
    "audit.checkpoints",
    "registry.determinations",
    "registry.determination_elements",
    "registry.process_steps",
    "registry.series_links",
    "registry.attestations",
    "registry.command_keys",
)
# Rows of which only the end of a range may be filled in, once; and who did it.
CLOSED_ONCE = {
    "registry.outcome_versions": ("recorded", ()),
    "registry.outcome_statuses": ("recorded", ()),
    "registry.officer_statements": ("recorded", ("screened_by", "screened_at")),
    "registry.grants": ("valid", ("revoked_by", "revoked_at")),
    "registry.holds": ("valid", ("released_by", "released_at")),
    "registry.case_assignments": ("valid", ()),
    "registry.monitor_subscriptions": ("valid", ()),
}
# Rows that may change but never go.
KEPT = ("registry.outcome_series", "registry.candidate_checks", "registry.consents", "registry.matters")

REFUSE_CHANGE = """
CREATE FUNCTION registry.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    RAISE EXCEPTION 'table is append-only' USING ERRCODE = 'restrict_violation';
END $$
"""

# A range is closed, never opened again nor made longer; a right may also end before it began. What was said
# (`recorded`) is closed once, a right until somebody has signed for its end; a signature stays as it is.
ONLY_CLOSE = """
CREATE FUNCTION registry.only_close() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    range_column text := TG_ARGV[0];
    signed_columns text[] := TG_ARGV[1]::text[];
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    before_range tstzrange := (before ->> range_column)::tstzrange;
    after_range tstzrange := (after ->> range_column)::tstzrange;
    closes boolean := before_range <> after_range;
    is_signed boolean := false;
    signed_column text;
BEGIN
    IF (before - (range_column || signed_columns)) <> (after - (range_column || signed_columns)) THEN
        RAISE EXCEPTION 'only the end of a range may be set' USING ERRCODE = 'restrict_violation';
    END IF;
    FOREACH signed_column IN ARRAY signed_columns LOOP
        is_signed := is_signed OR before ->> signed_column IS NOT NULL;
        IF before ->> signed_column IS NOT NULL AND before -> signed_column <> after -> signed_column THEN
            RAISE EXCEPTION 'a signature stays as it is' USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    IF closes AND (
        (range_column = 'valid' AND is_signed) OR (range_column = 'recorded' AND NOT upper_inf(before_range)))
    THEN
        RAISE EXCEPTION 'the end of this range is set already' USING ERRCODE = 'restrict_violation';
    END IF;
    IF closes AND NOT (range_column = 'valid' AND isempty(after_range)) AND (
        lower(before_range) IS DISTINCT FROM lower(after_range)
        OR upper(after_range) IS NULL
        OR upper(before_range) < upper(after_range))
    THEN
        RAISE EXCEPTION 'only the end of a range may be set' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""

EXPUNGED_ONLY = """
CREATE FUNCTION registry.only_expunge() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('probity.expunging', true) = OLD.series_id::text
        AND current_user = (SELECT nspowner::regrole::text FROM pg_catalog.pg_namespace WHERE nspname = 'registry')
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'content is append-only' USING ERRCODE = 'restrict_violation';
END $$
"""

EXPUNGE = """
CREATE FUNCTION registry.expunge_content(target uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    gone integer;
BEGIN
    PERFORM set_config('probity.expunging', target::text, true);
    DELETE FROM registry.outcome_contents WHERE series_id = target;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('probity.expunging', '', true);
    RETURN gone;
END $$
"""

RECORD_STATUS = """
CREATE FUNCTION registry.record_outcome_status() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    at timestamptz := coalesce((SELECT c.at FROM gate.read_context() c), now());
    since timestamptz;
BEGIN
    IF current_setting('probity.loading', true) = 'on'
        AND session_user = (SELECT nspowner::regrole::text FROM pg_catalog.pg_namespace WHERE nspname = 'registry')
    THEN
        RETURN NEW;
    END IF;
    SELECT lower(recorded) INTO since FROM registry.outcome_statuses
        WHERE series_id = NEW.id AND upper_inf(recorded);
    IF since IS NOT NULL THEN
        -- Two changes at one moment keep their order: the later one counts from a microsecond on.
        at := greatest(at, since + interval '1 microsecond');
        UPDATE registry.outcome_statuses SET recorded = tstzrange(since, at)
            WHERE series_id = NEW.id AND upper_inf(recorded);
    END IF;
    INSERT INTO registry.outcome_statuses (series_id, recorded, lifecycle, finality, dispute, void_reason)
        VALUES (NEW.id, tstzrange(at, NULL), NEW.lifecycle, NEW.finality, NEW.dispute, NEW.void_reason);
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Put the triggers in place."""
    for function in (REFUSE_CHANGE, ONLY_CLOSE, EXPUNGED_ONLY, EXPUNGE, RECORD_STATUS):
        op.execute(function)
    op.execute("REVOKE ALL ON FUNCTION registry.expunge_content(uuid) FROM PUBLIC")
    for table in FROZEN:
        _guard(table, "UPDATE OR DELETE", "registry.refuse_change()")
    for table, (column, others) in CLOSED_ONCE.items():
        free = "{" + ",".join(others) + "}"
        _guard(table, "UPDATE", f"registry.only_close('{column}', '{free}')", name="only_close")
        _guard(table, "DELETE", "registry.refuse_change()")
    for table in KEPT:
        _guard(table, "DELETE", "registry.refuse_change()")
    _guard("registry.outcome_contents", "UPDATE OR DELETE", "registry.only_expunge()")
    for table in (*FROZEN, *CLOSED_ONCE, *KEPT, "registry.outcome_contents"):
        op.execute(
            f"CREATE TRIGGER keep_all BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            "EXECUTE FUNCTION registry.refuse_change()"
        )
    op.execute(
        "CREATE TRIGGER record_status AFTER INSERT OR UPDATE OF lifecycle, finality, dispute, void_reason "
        "ON registry.outcome_series FOR EACH ROW EXECUTE FUNCTION registry.record_outcome_status()"
    )


def downgrade() -> None:
    """Take the triggers away."""
    for function in ("refuse_change", "only_close", "only_expunge", "record_outcome_status"):
        op.execute(f"DROP FUNCTION registry.{function} CASCADE")
    op.execute("DROP FUNCTION registry.expunge_content(uuid)")


def _guard(table: str, events: str, function: str, *, name: str = "append_only") -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}")
