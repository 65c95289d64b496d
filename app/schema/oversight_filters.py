"""Filters and orders of what analysts and auditors read: rows without names, and the records of who was told.

A member of `XFilter` or a value of `XOrderField` is the field of `X` with that name: a test holds them together.
"""

from __future__ import annotations

from enum import Enum

import strawberry

from app.audit.records import RecordKind
from app.domain.vocabulary import AgencyKind, Finality, MisconductBasis, OutcomeKind, SizeBand
from app.schema.comparisons import (
    BooleanFilter,
    CodeFilter,
    Direction,
    HasFilter,
    NumberFilter,
    TextFilter,
    TimeFilter,
    member,
)


@strawberry.input(description="Which rows a list gives; every member that is given must hold.")
class AnalystRowFilter:
    """Rows by what they tell."""

    kind: CodeFilter[OutcomeKind] | None = member("By kind.")
    year: NumberFilter | None = member("By the year of the action.")
    state_code: TextFilter | None = member("By the State whose law applies to the agency.")
    agency_kind: CodeFilter[AgencyKind] | None = member("By the kind of agency.")
    size_band: CodeFilter[SizeBand] | None = member("By the size of the agency.")
    has_finding: BooleanFilter | None = member("By whether a finding was made.")
    basis: HasFilter[MisconductBasis] | None = member("By a basis of the action.")
    finality: CodeFilter[Finality] | None = member("By whether an appeal is open.")
    days_from_action_to_report: NumberFilter | None = member("By the days from the action to the report.")
    days_from_report_to_notice: NumberFilter | None = member("By the days from there to the notice.")
    days_from_notice_to_clearance: NumberFilter | None = member("By the days from the notice until it cleared.")
    days_from_action_to_clearance: NumberFilter | None = member("By the days from the action until it cleared.")
    and_: list[AnalystRowFilter] | None = member("All of these hold.", name="and")
    or_: list[AnalystRowFilter] | None = member("At least one of these holds.", name="or")
    not_: AnalystRowFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What rows can be sorted by.")
class AnalystRowOrderField(Enum):
    """What rows are sorted by."""

    YEAR = "YEAR"
    KIND = "KIND"
    STATE_CODE = "STATE_CODE"
    AGENCY_KIND = "AGENCY_KIND"
    SIZE_BAND = "SIZE_BAND"
    FINALITY = "FINALITY"
    DAYS_FROM_ACTION_TO_REPORT = "DAYS_FROM_ACTION_TO_REPORT"
    DAYS_FROM_REPORT_TO_NOTICE = "DAYS_FROM_REPORT_TO_NOTICE"
    DAYS_FROM_NOTICE_TO_CLEARANCE = "DAYS_FROM_NOTICE_TO_CLEARANCE"
    DAYS_FROM_ACTION_TO_CLEARANCE = "DAYS_FROM_ACTION_TO_CLEARANCE"


@strawberry.input(description="How rows are sorted; rows without the value come last, or first in a descending order.")
class AnalystRowOrder:
    """A field and a direction."""

    field: AnalystRowOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which records a list gives; every member that is given must hold.")
class AuditEventFilter:
    """Records by who asked, when and what became of it."""

    at: TimeFilter | None = member("By when.")
    kind: CodeFilter[RecordKind] | None = member("By what it is a record of.")
    account: TextFilter | None = member("By the account that asked.")
    role: TextFilter | None = member("By the role in which it was asked.")
    purpose: TextFilter | None = member("By purpose.")
    state_code: TextFilter | None = member("By the State acted for.")
    operation: TextFilter | None = member("By the name of the question or command.")
    result: TextFilter | None = member("By what became of it.")
    and_: list[AuditEventFilter] | None = member("All of these hold.", name="and")
    or_: list[AuditEventFilter] | None = member("At least one of these holds.", name="or")
    not_: AuditEventFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What records can be sorted by.")
class AuditEventOrderField(Enum):
    """What records are sorted by."""

    AT = "AT"


@strawberry.input(
    description="How records are sorted; rows without the value come last, or first in a descending order."
)
class AuditEventOrder:
    """A field and a direction."""

    field: AuditEventOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which accesses a list gives; every member that is given must hold.")
class BreakGlassAccessFilter:
    """Accesses by who asked, for which case, when."""

    account: TextFilter | None = member("By the account that asked for it.")
    case_number: TextFilter | None = member("By the case it is asked for.")
    requested_at: TimeFilter | None = member("By when it was asked for.")
    awaits_approval: BooleanFilter | None = member("By whether it waits for a second auditor.")
    and_: list[BreakGlassAccessFilter] | None = member("All of these hold.", name="and")
    or_: list[BreakGlassAccessFilter] | None = member("At least one of these holds.", name="or")
    not_: BreakGlassAccessFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What accesses can be sorted by.")
class BreakGlassAccessOrderField(Enum):
    """What accesses are sorted by."""

    REQUESTED_AT = "REQUESTED_AT"


@strawberry.input(
    description="How accesses are sorted; rows without the value come last, or first in a descending order."
)
class BreakGlassAccessOrder:
    """A field and a direction."""

    field: BreakGlassAccessOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")
