"""Exact figures for analysts: outcomes and the times their processes took, stints, and officers who were hired again.

INVARIANT: a type here is a group of rows, never a row; what it may count is said by the action `aggregate`, not `read`.
"""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar

import strawberry

import app.schema.scalars  # noqa: F401 - names the codes of the contract
from app.domain.vocabulary import (
    AgencyKind,
    Finality,
    MatterKind,
    MisconductBasis,
    OutcomeKind,
    SeparationReason,
    SizeBand,
)
from app.planning.catalogue import Computed, Figure, LeafForm, MakeRows, Measure, Span
from app.planning.denominators import UnknownRate
from app.schema.fields import bind, column, computed, tally
from app.schema.records import has_finding
from app.schema.statistics_arguments import (
    DESCRIBED,
    OutcomeFiguresDimension,
    OutcomeFiguresFilter,
    OutcomeFiguresHaving,
    OutcomeFiguresMeasure,
    OutcomeFiguresOrder,
    StintFiguresDimension,
    StintFiguresFilter,
    StintFiguresHaving,
    StintFiguresMeasure,
    StintFiguresOrder,
    WanderingFiguresDimension,
    WanderingFiguresFilter,
    WanderingFiguresHaving,
    WanderingFiguresMeasure,
    WanderingFiguresOrder,
)
from app.schema.wandering import AdverseGround, make_wandering_rows
from app.storage.tables.counted import COUNTED_OUTCOMES, COUNTED_STINTS

Group = TypeVar("Group")
RATE_UNKNOWN: Final = strawberry.enum(UnknownRate, description="Why there is no rate.")
_STATE: Final = "The State whose law the agency is under; none for a tribe's and a federal agency."
_KNOWN: Final = "Whether the agency's number of sworn officers is known."
_COUNT: Final = "How many."
_OFFICERS: Final = "How many officers they are of, each counted once."
_RATE: Final = "How many for each 1,000 sworn officers of the group's agencies."


@strawberry.type(description="How days are spread over the rows of a group; whole days, percentiles interpolated.")
class Spread:
    """Percentiles and mean of the rows that have both ends; none where no row has."""

    known: int = strawberry.field(description="How many rows have both ends; the others are in no other figure here.")
    mean: float | None = strawberry.field(description="The mean.")
    p10: float | None = strawberry.field(description="A tenth of the rows are below.")
    p25: float | None = strawberry.field(description="A quarter of the rows are below.")
    p50: float | None = strawberry.field(description="The median.")
    p75: float | None = strawberry.field(description="Three quarters of the rows are below.")
    p90: float | None = strawberry.field(description="Nine tenths of the rows are below.")


@strawberry.type(description="A rate per 1,000 sworn officers, or why there is none.")
class SwornRate:
    """What stands over and under the line."""

    value: float | None = strawberry.field(description="The rate; none where what stands under the line is not known.")
    reason: UnknownRate | None = strawberry.field(description="Why there is no rate; none where there is one.")
    sworn: int | None = strawberry.field(description="Sworn officers of the group's agencies, as far as known.")
    agencies: int | None = strawberry.field(description="The agencies of the group.")
    agencies_counted: int | None = strawberry.field(description="Those of them whose sworn officers are known.")


@strawberry.type(description="Groups and their figures; exact, and not for release.")
class Table(Generic[Group]):
    """A table of figures."""

    rows: list[Group] = strawberry.field(description="The groups, in order.")
    has_more: bool = strawberry.field(description="Whether there are more groups than were asked for.")
    exact: bool = strawberry.field(description="True: nothing was rounded, suppressed or blurred.")
    marking: str = strawberry.field(description="How these figures are to be marked wherever they go.")


def _count(figure: Figure, description: str, value: Computed | None = None) -> Any:
    return bind(Measure(figure=figure, value=value), description)


def _spread(first: Any, last: Any, description: str) -> Any:
    return bind(Measure(figure=Figure.SPREAD, value=Span(first=first, last=last)), description)


@strawberry.type(description="Figures of a group of outcomes; a dimension that was not grouped by is none.")
class OutcomeFigures:
    """Outcomes that are cleared, those without a finding, and those whose term has ended."""

    year: int | None = column(COUNTED_OUTCOMES.c.action_date, "The year of the action.", form=LeafForm.YEAR)
    quarter: int | None = column(
        COUNTED_OUTCOMES.c.action_date, "The quarter of the action, 1 to 4.", form=LeafForm.QUARTER
    )
    kind: OutcomeKind | None = column(COUNTED_OUTCOMES.c.kind, "What happened.")
    has_finding: bool | None = computed(has_finding, "False for the kind that rests on no finding.")
    basis: MisconductBasis | None = column(
        COUNTED_OUTCOMES.c.basis, "A basis of the action; an outcome with several is in the group of each."
    )
    finality: Finality | None = column(COUNTED_OUTCOMES.c.finality, "Whether an appeal is open.")
    matter_kind: MatterKind | None = column(COUNTED_OUTCOMES.c.matter_kind, "What it arose in.")
    state_code: str | None = column(COUNTED_OUTCOMES.c.state_code, _STATE)
    agency_kind: AgencyKind | None = column(COUNTED_OUTCOMES.c.agency_kind, "The kind of the agency that reported it.")
    size_band: SizeBand | None = column(COUNTED_OUTCOMES.c.size_band, "That agency's size, in bands of sworn officers.")
    rural: bool | None = column(COUNTED_OUTCOMES.c.rural, "Whether that agency is rural.")
    sworn_count_known: bool | None = column(COUNTED_OUTCOMES.c.sworn_count, _KNOWN, form=LeafForm.PRESENT)
    count: int | None = _count(Figure.COUNT, _COUNT)
    officers: int | None = _count(Figure.OFFICERS, _OFFICERS)
    rate_per_thousand_sworn: SwornRate | None = _count(Figure.RATE, _RATE)
    days_from_action_to_report: Spread | None = _spread(
        COUNTED_OUTCOMES.c.action_date, COUNTED_OUTCOMES.c.created_at, "From the action to the beginning of the report."
    )
    days_from_report_to_notice: Spread | None = _spread(
        COUNTED_OUTCOMES.c.created_at,
        COUNTED_OUTCOMES.c.notice_served_at,
        "From there until the officer was given notice.",
    )
    days_from_notice_to_clearance: Spread | None = _spread(
        COUNTED_OUTCOMES.c.notice_served_at, COUNTED_OUTCOMES.c.cleared_at, "From the notice until it cleared."
    )
    days_from_action_to_clearance: Spread | None = _spread(
        COUNTED_OUTCOMES.c.action_date, COUNTED_OUTCOMES.c.cleared_at, "From the action until it cleared."
    )
    days_from_matter_to_notice: Spread | None = _spread(
        COUNTED_OUTCOMES.c.opened_on,
        COUNTED_OUTCOMES.c.notice_served_on,
        "From the opening of the matter until its notice was served.",
    )
    days_of_matter: Spread | None = _spread(
        COUNTED_OUTCOMES.c.opened_on,
        COUNTED_OUTCOMES.c.closed_on,
        "From the opening of the matter until it was closed.",
    )


@strawberry.type(description="Figures of a group of stints; a dimension that was not grouped by is none.")
class StintFigures:
    """Careers, counted: whoever served, whatever is or is not on record about them."""

    year: int | None = column(COUNTED_STINTS.c.from_date, "The year of the appointment.", form=LeafForm.YEAR)
    quarter: int | None = column(COUNTED_STINTS.c.from_date, "Its quarter, 1 to 4.", form=LeafForm.QUARTER)
    end_year: int | None = column(COUNTED_STINTS.c.to_date, "The year of the separation.", form=LeafForm.YEAR)
    end_quarter: int | None = column(COUNTED_STINTS.c.to_date, "Its quarter, 1 to 4.", form=LeafForm.QUARTER)
    separation_reason: SeparationReason | None = column(COUNTED_STINTS.c.separation_reason, "Why it ended.")
    is_current: bool | None = column(COUNTED_STINTS.c.is_current, "Whether it was told to go on.")
    state_code: str | None = column(COUNTED_STINTS.c.state_code, _STATE)
    agency_kind: AgencyKind | None = column(COUNTED_STINTS.c.agency_kind, "The kind of the agency.")
    size_band: SizeBand | None = column(COUNTED_STINTS.c.size_band, "The agency's size, in bands of sworn officers.")
    rural: bool | None = column(COUNTED_STINTS.c.rural, "Whether the agency is rural.")
    sworn_count_known: bool | None = column(COUNTED_STINTS.c.sworn_count, _KNOWN, form=LeafForm.PRESENT)
    count: int | None = _count(Figure.COUNT, _COUNT)
    officers: int | None = _count(Figure.OFFICERS, _OFFICERS)
    rate_per_thousand_sworn: SwornRate | None = _count(Figure.RATE, _RATE)
    days_served: Spread | None = _spread(
        COUNTED_STINTS.c.from_date, COUNTED_STINTS.c.to_date, "From appointment to separation."
    )


@strawberry.type(description="Figures of a group of adverse separations; a dimension that was not grouped by is none.")
class WanderingFigures:
    """Adverse separations, and the first later appointment of the same officer at another agency."""

    year: int | None = column(COUNTED_STINTS.c.to_date, "The year of the separation.", form=LeafForm.YEAR)
    quarter: int | None = column(COUNTED_STINTS.c.to_date, "Its quarter, 1 to 4.", form=LeafForm.QUARTER)
    separation_reason: SeparationReason | None = column(COUNTED_STINTS.c.separation_reason, "Why the stint ended.")
    ground: AdverseGround | None = computed(lambda row: row.c.ground, "What makes the separation adverse.")
    state_code: str | None = column(COUNTED_STINTS.c.state_code, "The State of the agency that was left.")
    agency_kind: AgencyKind | None = column(COUNTED_STINTS.c.agency_kind, "The kind of the agency that was left.")
    size_band: SizeBand | None = column(COUNTED_STINTS.c.size_band, "Its size, in bands of sworn officers.")
    rural: bool | None = column(COUNTED_STINTS.c.rural, "Whether it is rural.")
    sworn_count_known: bool | None = column(COUNTED_STINTS.c.sworn_count, _KNOWN, form=LeafForm.PRESENT)
    is_appointed_again: bool | None = computed(
        lambda row: row.c.next_agency_id.is_not(None), "Whether an appointment elsewhere followed."
    )
    next_state_code: str | None = computed(lambda row: row.c.next_state_code, "The State of the agency that followed.")
    next_agency_kind: AgencyKind | None = computed(
        lambda row: row.c.next_agency_kind, "The kind of the agency that followed."
    )
    next_size_band: SizeBand | None = computed(lambda row: row.c.next_size_band, "The size of that agency.")
    count: int | None = _count(Figure.COUNT, "How many adverse separations.")
    officers: int | None = _count(Figure.OFFICERS, _OFFICERS)
    rate_per_thousand_sworn: SwornRate | None = _count(Figure.RATE, _RATE)
    appointed_again: int | None = _count(
        Figure.FOLLOWED,
        "How many were followed by an appointment elsewhere.",
        Computed(expression=lambda row: row.c.next_agency_id),
    )
    share_appointed_again: float | None = _count(
        Figure.SHARE, "Their share, from 0 to 1.", Computed(expression=lambda row: row.c.next_agency_id)
    )
    days_until_appointed: Spread | None = bind(
        Measure(figure=Figure.SPREAD, value=Computed(expression=lambda row: row.c.next_from_date - row.c.to_date)),
        "From the separation to the first appointment elsewhere.",
    )


# How the rows of a subject are made where they are not those of a table.
MADE_ROWS: Final[dict[str, MakeRows]] = {"WanderingFigures": make_wandering_rows}


def _ask(dimension: Any, measure: Any, filter_: Any, having: Any, order: Any) -> dict[str, Any]:
    return {
        "group_by": list[dimension] | None,
        "measures": list[measure] | None,
        "filter": filter_ | None,
        "having": list[having] | None,
        "order_by": list[order] | None,
        "first": int,
    }


@strawberry.type(description="What figures are taken of; every question is recorded.")
class Statistics:
    """Three subjects, each with its own dimensions and measures."""

    outcomes: Table[OutcomeFigures] | None = tally(
        "OutcomeFigures",
        "Outcomes, and how long each step of their process took.",
        returns=Table[OutcomeFigures] | None,
        arguments=_ask(
            OutcomeFiguresDimension,
            OutcomeFiguresMeasure,
            OutcomeFiguresFilter,
            OutcomeFiguresHaving,
            OutcomeFiguresOrder,
        ),
        described=DESCRIBED,
    )
    stints: Table[StintFigures] | None = tally(
        "StintFigures",
        "Appointments and separations.",
        returns=Table[StintFigures] | None,
        arguments=_ask(
            StintFiguresDimension, StintFiguresMeasure, StintFiguresFilter, StintFiguresHaving, StintFiguresOrder
        ),
        described=DESCRIBED,
    )
    wandering: Table[WanderingFigures] | None = tally(
        "WanderingFigures",
        "Adverse separations, and whether, where and how soon an appointment elsewhere followed.",
        returns=Table[WanderingFigures] | None,
        arguments=_ask(
            WanderingFiguresDimension,
            WanderingFiguresMeasure,
            WanderingFiguresFilter,
            WanderingFiguresHaving,
            WanderingFiguresOrder,
        ),
        described=DESCRIBED,
    )
