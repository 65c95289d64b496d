"""Matters and the steps of fair process taken in them, with evidence by hash and custodian.

No document, statement text, victim or witness is ever stored here.
"""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, LargeBinary, Table, Text

from app.domain.vocabulary import DocumentKind, Finding, MatterKind, MatterStatus, ProcessElement
from app.storage.tables.columns import METADATA, REGISTRY, code, code_check, key, moment, refers

MATTERS = Table(
    "matters",
    METADATA,
    key(),
    code("kind", MatterKind),
    code("status", MatterStatus),
    refers("agency_id", "registry.agencies.id", required=False, indexed=True),
    Column("court", Text()),
    Column("case_number", Text()),
    Column("force_related", Boolean()),
    Column("opened_on", Date()),
    Column("notice_served_on", Date()),
    Column("closed_on", Date()),
    code("disposition", Finding, required=False),
    moment("recorded_at", now=True),
    code_check("kind", MatterKind),
    code_check("status", MatterStatus),
    code_check("disposition", Finding),
    CheckConstraint("agency_id IS NOT NULL OR court IS NOT NULL", name="agency_or_court"),
    CheckConstraint("closed_on >= opened_on", name="closes_after_opening"),
    CheckConstraint("closed_on IS NULL OR status = 'CLOSED'", name="closed_on_when_closed"),
    schema=REGISTRY,
)

EVIDENCE_ITEMS = Table(
    "evidence_items",
    METADATA,
    key(),
    refers("matter_id", "registry.matters.id", indexed=True),
    # The digest of a document that stays with its custodian; unknown until the custodian gives it.
    Column("sha256", LargeBinary()),
    code("document_kind", DocumentKind),
    Column("custodian", Text(), nullable=False),
    Column("held_on", Date()),
    Column("media_type", Text()),
    Column("redacted", Boolean(), nullable=False, server_default="false"),
    moment("recorded_at", now=True),
    code_check("document_kind", DocumentKind),
    CheckConstraint("octet_length(sha256) = 32", name="digest_form"),
    schema=REGISTRY,
)

PROCESS_STEPS = Table(
    "process_steps",
    METADATA,
    key(),
    refers("matter_id", "registry.matters.id"),
    code("element", ProcessElement),
    Column("occurred_on", Date()),
    # The office that acted, never a person's name.
    Column("by_office", Text()),
    Column("waived", Boolean(), nullable=False, server_default="false"),
    refers("evidence_id", "registry.evidence_items.id", required=False),
    Column("certified_by", Text()),
    moment("recorded_at", now=True),
    code_check("element", ProcessElement),
    Index("ix_process_steps_matter_id_element", "matter_id", "element"),
    schema=REGISTRY,
)
