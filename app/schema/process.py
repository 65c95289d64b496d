"""Matters, the steps of fair process, evidence, versions, determinations and holds, as they hang on an outcome.

They are judged with their outcome; none of them can be reached in any other way.
"""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from app.domain.vocabulary import (
    DeterminationResult,
    DocumentKind,
    Finding,
    HoldKind,
    MatterKind,
    MatterStatus,
    ProcessElement,
    ReportType,
)
from app.planning.catalogue import LeafForm, Ordering
from app.schema.fields import column, few
from app.storage.tables.outcomes import CONTENTS, DETERMINATIONS, HOLDS, VERSIONS
from app.storage.tables.process import EVIDENCE_ITEMS, MATTERS, PROCESS_STEPS


@strawberry.type(description="A step of fair process taken in a matter.")
class ProcessStep:
    """What was done for the officer, when, by which office."""

    element: ProcessElement | None = column(PROCESS_STEPS.c.element, "The element of fair process.")
    occurred_on: date | None = column(PROCESS_STEPS.c.occurred_on, "When.")
    by_office: str | None = column(PROCESS_STEPS.c.by_office, "The office that acted.")
    waived: bool | None = column(PROCESS_STEPS.c.waived, "Whether the officer waived it in a signed form.")


@strawberry.type(description="Evidence of fair process: a digest and who keeps the document.")
class EvidenceItem:
    """The registry keeps no document."""

    document_kind: DocumentKind | None = column(EVIDENCE_ITEMS.c.document_kind, "What the document is.")
    sha256: str | None = column(EVIDENCE_ITEMS.c.sha256, "Its SHA-256, in hexadecimal.", form=LeafForm.HEXADECIMAL)
    custodian: str | None = column(EVIDENCE_ITEMS.c.custodian, "Who keeps it.")
    held_on: date | None = column(EVIDENCE_ITEMS.c.held_on, "Since when, or of which date.")
    media_type: str | None = column(EVIDENCE_ITEMS.c.media_type, "Its media type.")
    redacted: bool | None = column(EVIDENCE_ITEMS.c.redacted, "Whether it is redacted.")


@strawberry.type(description="The investigation, proceeding, prosecution or suit behind an outcome.")
class Matter:
    """A matter, with what fair process it has seen."""

    kind: MatterKind | None = column(MATTERS.c.kind, "What kind of matter.")
    status: MatterStatus | None = column(MATTERS.c.status, "Whether it is open.")
    court: str | None = column(MATTERS.c.court, "The court, if it is before one.")
    case_number: str | None = column(MATTERS.c.case_number, "Its number at the agency or court.")
    force_related: bool | None = column(MATTERS.c.force_related, "Whether it concerns the use of force.")
    opened_on: date | None = column(MATTERS.c.opened_on, "When it was opened.")
    notice_served_on: date | None = column(MATTERS.c.notice_served_on, "When notice was served on the officer.")
    closed_on: date | None = column(MATTERS.c.closed_on, "When it was closed.")
    disposition: Finding | None = column(MATTERS.c.disposition, "How it ended.")
    steps: list[ProcessStep] | None = few(
        "ProcessStep",
        lambda row, step: step.c.matter_id == row.c.id,
        Ordering(field="occurredOn"),
        "The steps of fair process.",
    )
    evidence: list[EvidenceItem] | None = few(
        "EvidenceItem",
        lambda row, item: item.c.matter_id == row.c.id,
        Ordering(field="heldOn"),
        "The evidence for them.",
    )


@strawberry.type(description="One version of an outcome's report.")
class OutcomeVersion:
    """A version: an initial report or what amended it."""

    version: int | None = column(VERSIONS.c.version, "Its number in the series.")
    report_type: ReportType | None = column(VERSIONS.c.report_type, "What it did to the one before.")
    supersedes: int | None = column(VERSIONS.c.supersedes, "The version it took the place of.")
    recorded_from: datetime | None = column(VERSIONS.c.recorded, "Spoken from.", form=LeafForm.RANGE_START)
    recorded_to: datetime | None = column(VERSIONS.c.recorded, "Spoken until.", form=LeafForm.RANGE_END)
    action_date: date | None = column(CONTENTS.c.action_date, "The date of the action it reported.")


@strawberry.type(description="Whether fair process was found satisfied, and by which rules.")
class Determination:
    """A determination of fair process under a rule pack."""

    result: DeterminationResult | None = column(DETERMINATIONS.c.result, "The result.")
    rule_pack: str | None = column(DETERMINATIONS.c.rule_pack, "The rules applied.")
    rule_pack_version: int | None = column(DETERMINATIONS.c.rule_pack_version, "Their version.")
    missing: list[ProcessElement] | None = column(DETERMINATIONS.c.missing, "The elements that were missing.")
    decided_at: datetime | None = column(DETERMINATIONS.c.decided_at, "When it was decided.")


@strawberry.type(description="An order or case that keeps a record from being disclosed.")
class Hold:
    """A hold; a seal order is one."""

    kind: HoldKind | None = column(HOLDS.c.kind, "What kind of hold.")
    order_number: str | None = column(HOLDS.c.order_number, "The order's number.")
    authority: str | None = column(HOLDS.c.authority, "Who ordered it.")
    valid_from: datetime | None = column(HOLDS.c.valid, "From when.", form=LeafForm.RANGE_START)
    valid_to: datetime | None = column(HOLDS.c.valid, "Until when, if it ends.", form=LeafForm.RANGE_END)
