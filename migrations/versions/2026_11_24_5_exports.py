"""Exports for analysts: a table of what was asked for and how far it has come.

Why: large results leave as files made in the background, not as giant answers. Reversible: yes; the files themselves lie
outside the database and are deleted by `probity exports sweep`. Who may read: the analyst who asked, his own alone; the
command login works at all of them. A trigger binds that login: it asks in nobody's name but that of the signed context,
never changes what was asked, and never brings back what has ended.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_24_5_exports"
down_revision = "2026_11_24_4_reads"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE registry.analysis_exports (
    id UUID NOT NULL,
    account TEXT NOT NULL,
    format TEXT NOT NULL,
    question TEXT NOT NULL,
    state TEXT DEFAULT 'QUEUED' NOT NULL,
    failure TEXT,
    requested_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE,
    rows_estimated INTEGER,
    rows_done INTEGER DEFAULT 0 NOT NULL,
    size_bytes INTEGER,
    sha256 BYTEA,
    leased_to UUID,
    leased_until TIMESTAMP WITH TIME ZONE,
    attempts INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT pk_analysis_exports PRIMARY KEY (id),
    CONSTRAINT ck_analysis_exports_format_known CHECK (format IN ('PARQUET', 'CSV')),
    CONSTRAINT ck_analysis_exports_state_known
        CHECK (state IN ('QUEUED', 'RUNNING', 'READY', 'FAILED', 'CANCELLED', 'EXPIRED')),
    CONSTRAINT ck_analysis_exports_failure_known
        CHECK (failure IN ('RIGHT_ENDED', 'QUESTION_REFUSED', 'TOO_LARGE', 'KEPT_FAILING')),
    CONSTRAINT ck_analysis_exports_question_length CHECK (length(question) <= 20000),
    CONSTRAINT ck_analysis_exports_failed_says_why CHECK ((state = 'FAILED') = (failure IS NOT NULL)),
    CONSTRAINT ck_analysis_exports_ready_has_digest
        CHECK (state <> 'READY' OR sha256 IS NOT NULL AND expires_at IS NOT NULL),
    CONSTRAINT ck_analysis_exports_counts_not_negative
        CHECK (rows_done >= 0 AND rows_estimated >= 0 AND size_bytes >= 0),
    CONSTRAINT ck_analysis_exports_digest_form CHECK (octet_length(sha256) = 32),
    CONSTRAINT ck_analysis_exports_leased_to_with_leased_until
        CHECK ((leased_to IS NULL) = (leased_until IS NULL))
)
"""
ASK_IN_ONES_OWN_NAME = """
CREATE FUNCTION registry.ask_in_ones_own_name() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF current_user = 'probity_command' AND (
        NEW.state <> 'QUEUED' OR NOT EXISTS (
            SELECT FROM gate.read_context() c WHERE c.account = NEW.account AND c.role = 'doj_analyst'))
    THEN
        RAISE EXCEPTION 'an export is asked for by an analyst, for himself' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""
ONLY_GO_ON = """
CREATE FUNCTION registry.only_go_on() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    IF (NEW.id, NEW.account, NEW.format, NEW.question, NEW.requested_at)
        IS DISTINCT FROM (OLD.id, OLD.account, OLD.format, OLD.question, OLD.requested_at)
        OR OLD.state IN ('FAILED', 'CANCELLED', 'EXPIRED')
        OR OLD.state = 'READY' AND (NEW.state NOT IN ('READY', 'EXPIRED', 'CANCELLED')
            OR NEW.sha256 IS DISTINCT FROM OLD.sha256 OR NEW.rows_done IS DISTINCT FROM OLD.rows_done
            OR NEW.expires_at > OLD.expires_at)
    THEN
        RAISE EXCEPTION 'what was asked stays, and what has ended stays ended' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Create the table and what guards it."""
    op.execute(TABLE)
    op.execute("CREATE INDEX ix_analysis_exports_account ON registry.analysis_exports (account, requested_at)")
    op.execute(
        "CREATE INDEX ix_analysis_exports_open ON registry.analysis_exports (requested_at) "
        "WHERE state IN ('QUEUED', 'RUNNING', 'READY')"
    )
    op.execute(ASK_IN_ONES_OWN_NAME)
    op.execute(ONLY_GO_ON)
    op.execute("REVOKE ALL ON FUNCTION registry.ask_in_ones_own_name(), registry.only_go_on() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER ask_in_ones_own_name BEFORE INSERT ON registry.analysis_exports "
        "FOR EACH ROW EXECUTE FUNCTION registry.ask_in_ones_own_name()"
    )
    op.execute(
        "CREATE TRIGGER only_go_on BEFORE UPDATE ON registry.analysis_exports "
        "FOR EACH ROW EXECUTE FUNCTION registry.only_go_on()"
    )


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE registry.analysis_exports")
    op.execute("DROP FUNCTION registry.ask_in_ones_own_name(), registry.only_go_on()")
