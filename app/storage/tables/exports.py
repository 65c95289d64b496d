"""Exports for analysts: what was asked for, how far it has come, and what became of it.

INVARIANT: a row holds a question, counts and a digest; the rows that were exported lie in files, and go with them.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, Uuid, text

from app.domain.vocabulary import ExportFailure, ExportFormat, ExportState
from app.storage.tables.columns import METADATA, REGISTRY, code, code_check, key, moment, paired

EXPORTS = Table(
    "analysis_exports",
    METADATA,
    key(),
    Column("account", Text(), nullable=False),
    code("format", ExportFormat),
    # The filter as it was sent, as JSON: it names categories, never a person.
    Column("question", Text(), nullable=False),
    code("state", ExportState, default="QUEUED"),
    code("failure", ExportFailure, required=False),
    moment("requested_at", now=True),
    moment("started_at", required=False),
    moment("finished_at", required=False),
    moment("expires_at", required=False),
    Column("rows_estimated", Integer()),
    Column("rows_done", Integer(), nullable=False, server_default=text("0")),
    Column("size_bytes", Integer()),
    Column("sha256", LargeBinary()),
    # Which process works at it, until when nobody else may, and how often somebody has begun.
    Column("leased_to", Uuid()),
    moment("leased_until", required=False),
    Column("attempts", Integer(), nullable=False, server_default=text("0")),
    code_check("format", ExportFormat),
    code_check("state", ExportState),
    code_check("failure", ExportFailure),
    CheckConstraint("length(question) <= 20000", name="question_length"),
    CheckConstraint("(state = 'FAILED') = (failure IS NOT NULL)", name="failed_says_why"),
    CheckConstraint("state <> 'READY' OR sha256 IS NOT NULL AND expires_at IS NOT NULL", name="ready_has_digest"),
    CheckConstraint("rows_done >= 0 AND rows_estimated >= 0 AND size_bytes >= 0", name="counts_not_negative"),
    CheckConstraint("octet_length(sha256) = 32", name="digest_form"),
    paired("leased_to", "leased_until"),
    Index("ix_analysis_exports_account", "account", "requested_at"),
    Index("ix_analysis_exports_open", "requested_at", postgresql_where=text("state IN ('QUEUED', 'RUNNING', 'READY')")),
    schema=REGISTRY,
)
