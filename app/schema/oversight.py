"""What auditors read: that something was asked, told or done, and for which cases records were opened to them.

A record of the audit chain tells who was told, when and for what; whom it was about and what was said has no field.
"""

from __future__ import annotations

from datetime import datetime

import strawberry
from sqlalchemy import and_

from app.audit.records import RecordKind
from app.planning.catalogue import LeafForm
from app.schema.fields import column, computed, global_id, one
from app.schema.places import Agency
from app.schema.records import Outcome
from app.schema.relay import Node
from app.storage.tables.access import BREAK_GLASS_ACCESSES
from app.storage.tables.audit import RECORDS


@strawberry.type(description="A record of the audit chain: that it happened, not what.")
class AuditEvent(Node):
    """A record as an auditor reads it; its items have no field."""

    id: strawberry.ID = global_id(RECORDS.c.id)
    at: datetime | None = column(RECORDS.c.at, "When.")
    kind: RecordKind | None = column(RECORDS.c.kind, "What it is a record of.")
    account: str | None = column(RECORDS.c.account, "The account that asked.")
    role: str | None = column(RECORDS.c.role, "The role it asked in; `operator` at the console.")
    purpose: str | None = column(RECORDS.c.purpose, "The purpose it asked for.")
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "The agency acted for.")
    state_code: str | None = column(RECORDS.c.state_code, "The State acted for.")
    operation: str | None = column(RECORDS.c.operation, "The name of the question or command.")
    result: str | None = column(RECORDS.c.result, "What became of it.")
    item_count: int | None = column(RECORDS.c.item_count, "How many officers and versions left the registry.")
    policy_sha256: str | None = column(
        RECORDS.c.policy_sha256,
        "The SHA-256 of the policy it was decided under, in hexadecimal; zeros where none decided.",
        form=LeafForm.HEXADECIMAL,
    )


@strawberry.type(description="That one outcome was asked to be opened to an auditor, and whether two persons agreed.")
class BreakGlassAccess(Node):
    """An access; it is approved by another auditor, runs for hours, and everyone concerned is told."""

    id: strawberry.ID = global_id(BREAK_GLASS_ACCESSES.c.id)
    account: str | None = column(BREAK_GLASS_ACCESSES.c.account, "The account that asked.")
    case_number: str | None = column(BREAK_GLASS_ACCESSES.c.case_number, "The case it is asked for.")
    reason: str | None = column(BREAK_GLASS_ACCESSES.c.reason, "Why.")
    hours: int | None = column(BREAK_GLASS_ACCESSES.c.hours, "For how many hours it is asked.")
    requested_at: datetime | None = column(BREAK_GLASS_ACCESSES.c.requested_at, "When it was asked.")
    approved_by: str | None = column(BREAK_GLASS_ACCESSES.c.approved_by, "The account that approved it.")
    approved_at: datetime | None = column(BREAK_GLASS_ACCESSES.c.approved_at, "When it was approved.")
    awaits_approval: bool | None = computed(
        lambda row: and_(row.c.approved_by.is_(None), row.c.ended_by.is_(None)),
        "Whether it waits for a second auditor.",
    )
    valid_from: datetime | None = column(
        BREAK_GLASS_ACCESSES.c.valid, "From when the outcome is open.", form=LeafForm.RANGE_START
    )
    valid_to: datetime | None = column(BREAK_GLASS_ACCESSES.c.valid, "Until when it is.", form=LeafForm.RANGE_END)
    ended_by: str | None = column(BREAK_GLASS_ACCESSES.c.ended_by, "The account that ended it early.")
    ended_at: datetime | None = column(BREAK_GLASS_ACCESSES.c.ended_at, "When it was ended early.")
    outcome: Outcome | None = one(
        "Outcome", lambda row, series: series.c.id == row.c.series_id, "The outcome, while it is open to the caller."
    )
