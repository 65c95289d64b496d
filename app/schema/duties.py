"""What agencies owe the registry and what follows for their grants: enrolment, reports, attestations, eligibility.

Nothing here is about a person; who certified or attested for an agency has no field.
"""

from __future__ import annotations

from datetime import date, datetime

import strawberry
from sqlalchemy import Date, cast, func, literal_column, select

from app.domain.vocabulary import EligibilityResult, EnrollmentRole
from app.planning.catalogue import LeafForm, Ordering
from app.schema.fields import column, computed, few, global_id, one
from app.schema.places import Agency, list_oris
from app.schema.relay import Node
from app.schema.scalars import ORI, JSONDocument
from app.storage.tables.credentials import GRANT_ELIGIBILITIES
from app.storage.tables.places import AGENCIES, AGENCY_ENROLLMENTS, ATTESTATIONS, PERIOD_REPORTS

_DAY_AFTER = "The day after the last."


@strawberry.type(description="That an agency is enrolled to do something, for two years at a time.")
class Enrollment:
    """An enrolment; it must be renewed and attested."""

    role: EnrollmentRole | None = column(AGENCY_ENROLLMENTS.c.role, "What it may do.")
    valid_from: date | None = column(AGENCY_ENROLLMENTS.c.valid, "The first day.", form=LeafForm.RANGE_START)
    valid_to: date | None = column(AGENCY_ENROLLMENTS.c.valid, _DAY_AFTER, form=LeafForm.RANGE_END)
    last_attestation: date | None = column(AGENCY_ENROLLMENTS.c.last_attestation, "When it was last attested.")
    renewal_due: date | None = column(AGENCY_ENROLLMENTS.c.renewal_due, "By when it must be renewed.")


@strawberry.type(description="An agency's report of how many outcomes a period had; none is a report too.")
class PeriodReport:
    """A report for a period."""

    period_from: date | None = column(PERIOD_REPORTS.c.period, "The first day.", form=LeafForm.RANGE_START)
    period_to: date | None = column(PERIOD_REPORTS.c.period, _DAY_AFTER, form=LeafForm.RANGE_END)
    report_count: int | None = column(PERIOD_REPORTS.c.report_count, "How many outcomes were reported.")
    is_zero: bool | None = column(PERIOD_REPORTS.c.is_zero, "Whether there were none.")
    certified_at: datetime | None = column(PERIOD_REPORTS.c.certified_at, "When it was certified.")


@strawberry.type(description="An agency's answer to whether it reported everything it had to.")
class Attestation:
    """An attestation for a period."""

    period_from: date | None = column(ATTESTATIONS.c.period, "The first day.", form=LeafForm.RANGE_START)
    period_to: date | None = column(ATTESTATIONS.c.period, _DAY_AFTER, form=LeafForm.RANGE_END)
    answer: bool | None = column(ATTESTATIONS.c.answer, "Whether it did.")
    attested_at: datetime | None = column(ATTESTATIONS.c.attested_at, "When it was attested.")


@strawberry.type(description="How an agency meets its duties to the registry (EO 13929 sec. 3(d)).")
class AgencyCompliance(Node):
    """An agency, seen as its duties."""

    id: strawberry.ID = global_id(AGENCIES.c.id)
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.id, "The agency.")
    name: str | None = column(AGENCIES.c.name, "The agency's name.")
    agency_oris: list[ORI] | None = computed(lambda row: list_oris(row.c.id), "The agency's ORIs.")
    state_code: str | None = column(AGENCIES.c.state_code, "The State whose law the agency is under.")
    reported_through: date | None = computed(
        lambda row: (
            select(cast(func.max(func.upper(PERIOD_REPORTS.c.period)) - literal_column("1"), Date))
            .where(PERIOD_REPORTS.c.agency_id == row.c.id, PERIOD_REPORTS.c.certified_at.is_not(None))
            .correlate_except(PERIOD_REPORTS)
            .scalar_subquery()
        ),
        "The last day that a certified report covers.",
    )
    enrollments: list[Enrollment] | None = few(
        "Enrollment",
        lambda row, enrolled: enrolled.c.agency_id == row.c.id,
        Ordering(field="validFrom"),
        "What it is enrolled for.",
    )
    period_reports: list[PeriodReport] | None = few(
        "PeriodReport",
        lambda row, report: report.c.agency_id == row.c.id,
        Ordering(field="periodFrom", descending=True),
        "Its reports, newest first.",
    )
    attestations: list[Attestation] | None = few(
        "Attestation",
        lambda row, attested: attested.c.agency_id == row.c.id,
        Ordering(field="periodFrom", descending=True),
        "Its attestations, newest first.",
    )


@strawberry.type(description="Whether an agency may receive discretionary grants, as it was decided (EO 13929 sec. 2).")
class GrantEligibility(Node):
    """A decision on eligibility, with what it rests on."""

    id: strawberry.ID = global_id(GRANT_ELIGIBILITIES.c.id)
    agency: Agency | None = one("Agency", lambda row, agency: agency.c.id == row.c.agency_id, "The agency.")
    result: EligibilityResult | None = column(GRANT_ELIGIBILITIES.c.result, "What was decided.")
    as_of: date | None = column(GRANT_ELIGIBILITIES.c.as_of, "The day it speaks of.")
    proof: JSONDocument | None = column(
        GRANT_ELIGIBILITIES.c.proof, "Why: every condition with what meets it, and what would."
    )
    decided_at: datetime | None = column(GRANT_ELIGIBILITIES.c.decided_at, "When it was decided.")
