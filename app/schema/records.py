"""Officers, their careers and their outcomes in the contract.

No birth date and no part of an SSN has a field, for anyone.
"""

from __future__ import annotations

from datetime import date, datetime

import strawberry
from sqlalchemy import ColumnElement, FromClause, literal_column

from app.domain.vocabulary import (
    CertificationStatus,
    DisputeState,
    Finality,
    Finding,
    Lifecycle,
    MisconductBasis,
    NameKind,
    OutcomeKind,
    ReadableIdentifierKind,
    ReportType,
    SeparationReason,
    StandardOfProof,
    VoidReason,
)
from app.planning.catalogue import Ordering
from app.schema.fields import column, computed, few, global_id, many, one
from app.schema.filters import (
    CertificationFilter,
    OutcomeFilter,
    OutcomeOrder,
    StintFilter,
    StintOrder,
)
from app.schema.places import Agency
from app.schema.process import Determination, Hold, Matter, OutcomeVersion
from app.schema.relay import Connection, Node
from app.storage.tables.outcomes import CONTENTS, OFFICER_STATEMENTS, SERIES, VERSIONS
from app.storage.tables.people import CERTIFICATIONS, OFFICER_IDENTIFIERS, OFFICER_NAMES, OFFICERS, STINTS

NEWEST_FIRST = Ordering(field="actionDate", descending=True)


def _be_readable(number: FromClause) -> ColumnElement[bool]:
    # INVARIANT: what the contract has no word for is not told: every row told has one of these kinds.
    return number.c.kind.in_([literal_column(f"'{kind.value}'") for kind in ReadableIdentifierKind])


def has_finding(series: FromClause) -> ColumnElement[bool]:
    """Whether an outcome's kind rests on a finding; it says nothing of whether it has cleared."""
    return series.c.kind != OutcomeKind.SEPARATION_UNDER_FORCE_INVESTIGATION.value


@strawberry.type(description="A name an officer goes or went by.")
class OfficerName:
    """Names change; each is kept."""

    kind: NameKind | None = column(OFFICER_NAMES.c.kind, "Legal, former or alias.")
    family_name: str | None = column(OFFICER_NAMES.c.family_name, "Family name.")
    given_name: str | None = column(OFFICER_NAMES.c.given_name, "Given name.")
    middle_name: str | None = column(OFFICER_NAMES.c.middle_name, "Middle name.")
    name_suffix: str | None = column(OFFICER_NAMES.c.name_suffix, "Suffix.")
    from_date: date | None = column(OFFICER_NAMES.c.from_date, "From when.")
    to_date: date | None = column(OFFICER_NAMES.c.to_date, "Until when.")


@strawberry.type(description="A number that an authority or agency gave an officer.")
class OfficerIdentifier:
    """What may be read back; tokens have no field."""

    kind: ReadableIdentifierKind | None = column(OFFICER_IDENTIFIERS.c.kind, "What kind of number.")
    issuer: str | None = column(OFFICER_IDENTIFIERS.c.issuer, "Who gave it.")
    value: str | None = column(OFFICER_IDENTIFIERS.c.value, "The number.")


@strawberry.type(description="A law-enforcement officer.")
class Officer(Node):
    """An officer, with career and outcomes."""

    id: strawberry.ID = global_id(OFFICERS.c.id)
    family_name: str | None = column(OFFICERS.c.family_name, "Family name.")
    given_name: str | None = column(OFFICERS.c.given_name, "Given name.")
    middle_name: str | None = column(OFFICERS.c.middle_name, "Middle name.")
    name_suffix: str | None = column(OFFICERS.c.name_suffix, "Suffix.")
    names: list[OfficerName] | None = few(
        "OfficerName",
        lambda row, name: name.c.officer_id == row.c.id,
        Ordering(field="fromDate"),
        "Every name they go or went by.",
    )
    identifiers: list[OfficerIdentifier] | None = few(
        "OfficerIdentifier",
        lambda row, number: (number.c.officer_id == row.c.id) & number.c.value.is_not(None) & _be_readable(number),
        Ordering(field="issuer"),
        "State certificate numbers, badges and employee numbers.",
    )
    stints: Connection[Stint] | None = many(
        "Stint",
        lambda row, stint: stint.c.officer_id == row.c.id,
        Ordering(field="fromDate", descending=True),
        "Where they served.",
        returns=Connection["Stint"] | None,
        filter_type=StintFilter,
        order_type=StintOrder,
        shares_state=True,
    )
    certifications: Connection[Certification] | None = many(
        "Certification",
        lambda row, held: held.c.officer_id == row.c.id,
        Ordering(field="fromDate", descending=True),
        "What certified them.",
        returns=Connection["Certification"] | None,
        filter_type=CertificationFilter,
        shares_state=True,
    )
    outcomes: Connection[Outcome] | None = many(
        "Outcome",
        lambda row, series: series.c.officer_id == row.c.id,
        NEWEST_FIRST,
        "Outcomes on record, newest first.",
        returns=Connection["Outcome"] | None,
        filter_type=OutcomeFilter,
        order_type=OutcomeOrder,
        past=True,
    )


@strawberry.type(description="An officer's service at one agency.")
class Stint(Node):
    """A stint; stints may overlap, as at task forces."""

    id: strawberry.ID = global_id(STINTS.c.id)
    officer: Officer | None = one("Officer", lambda row, who: who.c.id == row.c.officer_id, "Who served.")
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "Where.")
    from_date: date | None = column(STINTS.c.from_date, "First day, if known.")
    to_date: date | None = column(STINTS.c.to_date, "Last day, if known.")
    is_current: bool | None = column(STINTS.c.is_current, "Whether it goes on.")
    appointment_type: str | None = column(STINTS.c.appointment_type, "Type of appointment.")
    rank: str | None = column(STINTS.c.rank, "Rank.")
    separation_reason: SeparationReason | None = column(STINTS.c.separation_reason, "Why it ended.")


@strawberry.type(description="A certification by a State's authority.")
class Certification(Node):
    """A certification; an officer may hold several."""

    id: strawberry.ID = global_id(CERTIFICATIONS.c.id)
    officer: Officer | None = one("Officer", lambda row, who: who.c.id == row.c.officer_id, "Who holds it.")
    state_code: str | None = column(CERTIFICATIONS.c.state_code, "The State that gave it.")
    type: str | None = column(CERTIFICATIONS.c.type, "Type.")
    status: CertificationStatus | None = column(CERTIFICATIONS.c.status, "Standing.")
    from_date: date | None = column(CERTIFICATIONS.c.from_date, "From when.")
    to_date: date | None = column(CERTIFICATIONS.c.to_date, "Until when.")


@strawberry.type(description="An outcome: one series of a report and all that amended it.")
class Outcome(Node):
    """An outcome of EO 13929 sec. 3(a) or 3(b), at its newest version."""

    id: strawberry.ID = global_id(SERIES.c.id)
    kind: OutcomeKind | None = column(SERIES.c.kind, "What happened.")
    action_date: date | None = column(CONTENTS.c.action_date, "When it took effect.", ordered_by=SERIES.c.order_date)
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "Who reported it.")
    officer: Officer | None = one("Officer", lambda row, who: who.c.id == row.c.officer_id, "Whom it is about.")
    finality: Finality | None = column(SERIES.c.finality, "Whether an appeal is open; shown with every answer.")
    dispute: DisputeState | None = column(SERIES.c.dispute, "Whether the officer disputes it.")
    has_finding: bool | None = computed(
        has_finding,
        "False for the kind that rests on no finding (left under investigation); no word on whether it has cleared.",
    )
    version: int | None = column(SERIES.c.current_version, "The version that speaks now.")
    report_type: ReportType | None = column(VERSIONS.c.report_type, "What the newest version did.")
    statement: str | None = column(OFFICER_STATEMENTS.c.body, "The officer's own statement.")
    basis: list[MisconductBasis] | None = column(CONTENTS.c.basis, "Basis of the action (11 CCR 1205).")
    force_related: bool | None = column(CONTENTS.c.force_related, "Whether it concerns the use of force.")
    force_types: list[str] | None = column(CONTENTS.c.force_types, "Types of force (NIEM codes and the registry's).")
    on_duty: bool | None = column(CONTENTS.c.on_duty, "Whether the conduct was on duty.")
    recommended_finding: Finding | None = column(CONTENTS.c.recommended_finding, "What was recommended.")
    final_finding: Finding | None = column(CONTENTS.c.final_finding, "What was found in the end.")
    standard_of_proof: StandardOfProof | None = column(CONTENTS.c.standard_of_proof, "By which standard.")
    legal_basis: str | None = column(CONTENTS.c.legal_basis, "The law it rests on.")
    conviction_basis: str | None = column(CONTENTS.c.conviction_basis, "How a conviction came about.")
    civil_basis: str | None = column(CONTENTS.c.civil_basis, "How a judgment came about.")
    court: str | None = column(CONTENTS.c.court, "The court.")
    court_case_number: str | None = column(CONTENTS.c.court_case_number, "Its case number.")
    matter: Matter | None = one("Matter", lambda row, matter: matter.c.id == row.c.matter_id, "The matter behind it.")
    versions: list[OutcomeVersion] | None = few(
        "OutcomeVersion",
        lambda row, version: version.c.series_id == row.c.id,
        Ordering(field="version", descending=True),
        "Every version, newest first.",
    )
    determinations: list[Determination] | None = few(
        "Determination",
        lambda row, decision: decision.c.series_id == row.c.id,
        Ordering(field="decidedAt", descending=True),
        "Determinations of fair process, newest first.",
    )
    lifecycle: Lifecycle | None = column(SERIES.c.lifecycle, "Where it stands in the registry.")
    void_reason: VoidReason | None = column(SERIES.c.void_reason, "Why it was voided.")
    created_at: datetime | None = column(SERIES.c.created_at, "When the report was begun.")
    notice_served_at: datetime | None = column(SERIES.c.notice_served_at, "When the officer was given notice.")
    respond_by: datetime | None = column(SERIES.c.respond_by, "Until when the officer may answer.")
    cleared_at: datetime | None = column(SERIES.c.cleared_at, "When fair process was found satisfied and it cleared.")
    holds: list[Hold] | None = few(
        "Hold",
        lambda row, hold: hold.c.series_id == row.c.id,
        Ordering(field="validFrom"),
        "Orders that keep it from being disclosed.",
    )


__all__ = ["NEWEST_FIRST", "Certification", "Officer", "OfficerIdentifier", "OfficerName", "Outcome", "Stint"]
