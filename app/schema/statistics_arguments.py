"""What figures can be asked by: dimensions, measures, filters, conditions on groups and orders of them.

A code of `XDimension` or `XMeasure`, and a member of `XFilter`, is the field of `X` with that name: a test holds them.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

import strawberry

from app.domain.vocabulary import (
    AgencyKind,
    Finality,
    MatterKind,
    MisconductBasis,
    OutcomeKind,
    SeparationReason,
    SizeBand,
)
from app.schema.comparisons import BooleanFilter, CodeFilter, Direction, HasFilter, NumberFilter, TextFilter, member
from app.schema.wandering import AdverseGround

DESCRIBED: Final = {
    "group_by": "The dimensions that make a group, at most 5; none for one group of everything.",
    "measures": "The measures to be computed, at most 12; left out, those that are selected.",
    "filter": "Which rows are counted; a row without the value compared is left out.",
    "having": "Which groups are given: all of these must hold of their figures.",
    "order_by": "What groups are sorted by, then by the dimensions; groups without the value come last.",
    "first": "How many groups at most, from 0 to 1000.",
}


@strawberry.enum(description="A figure of a spread of days.")
class Statistic(Enum):
    """A figure of a spread."""

    KNOWN = "KNOWN"
    MEAN = "MEAN"
    P10 = "P10"
    P25 = "P25"
    P50 = "P50"
    P75 = "P75"
    P90 = "P90"


def _from() -> Any:
    return member("It is this number or a greater one.", name="from")


def _to() -> Any:
    return member("It is this number or a smaller one.")


def _statistic() -> Any:
    return member("Which figure of a spread of days; left out for other measures.")


@strawberry.enum(description="What outcomes are grouped by.")
class OutcomeFiguresDimension(Enum):
    """What outcomes are grouped by."""

    YEAR = "YEAR"
    QUARTER = "QUARTER"
    KIND = "KIND"
    HAS_FINDING = "HAS_FINDING"
    BASIS = "BASIS"
    FINALITY = "FINALITY"
    MATTER_KIND = "MATTER_KIND"
    STATE_CODE = "STATE_CODE"
    AGENCY_KIND = "AGENCY_KIND"
    SIZE_BAND = "SIZE_BAND"
    RURAL = "RURAL"
    SWORN_COUNT_KNOWN = "SWORN_COUNT_KNOWN"


@strawberry.enum(description="What is measured of outcomes.")
class OutcomeFiguresMeasure(Enum):
    """What is measured of outcomes."""

    COUNT = "COUNT"
    OFFICERS = "OFFICERS"
    RATE_PER_THOUSAND_SWORN = "RATE_PER_THOUSAND_SWORN"
    DAYS_FROM_ACTION_TO_REPORT = "DAYS_FROM_ACTION_TO_REPORT"
    DAYS_FROM_REPORT_TO_NOTICE = "DAYS_FROM_REPORT_TO_NOTICE"
    DAYS_FROM_NOTICE_TO_CLEARANCE = "DAYS_FROM_NOTICE_TO_CLEARANCE"
    DAYS_FROM_ACTION_TO_CLEARANCE = "DAYS_FROM_ACTION_TO_CLEARANCE"
    DAYS_FROM_MATTER_TO_NOTICE = "DAYS_FROM_MATTER_TO_NOTICE"
    DAYS_OF_MATTER = "DAYS_OF_MATTER"


@strawberry.input(description="Which outcomes are counted; every member that is given must hold.")
class OutcomeFiguresFilter:
    """Which outcomes are counted."""

    year: NumberFilter | None = member("By the year of the action.")
    quarter: NumberFilter | None = member("By the quarter of the action.")
    kind: CodeFilter[OutcomeKind] | None = member("By kind.")
    has_finding: BooleanFilter | None = member("By whether a finding was made.")
    basis: HasFilter[MisconductBasis] | None = member("By a basis of the action.")
    finality: CodeFilter[Finality] | None = member("By whether an appeal is open.")
    matter_kind: CodeFilter[MatterKind] | None = member("By what it arose in.")
    state_code: TextFilter | None = member("By the State whose law applies to the agency.")
    agency_kind: CodeFilter[AgencyKind] | None = member("By the kind of agency.")
    size_band: CodeFilter[SizeBand] | None = member("By the size of the agency.")
    rural: BooleanFilter | None = member("By whether the agency is rural.")
    sworn_count_known: BooleanFilter | None = member("By whether the agency's number of sworn officers is known.")
    and_: list[OutcomeFiguresFilter] | None = member("All of these hold.", name="and")
    or_: list[OutcomeFiguresFilter] | None = member("At least one of these holds.", name="or")
    not_: OutcomeFiguresFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.input(description="Which groups of outcomes are given; both ends belong to the range.")
class OutcomeFiguresHaving:
    """A figure and its range."""

    measure: OutcomeFiguresMeasure = strawberry.field(description="What is compared.")
    statistic: Statistic | None = _statistic()
    from_: float | None = _from()
    to: float | None = _to()


@strawberry.input(description="How groups of outcomes are sorted: by one dimension or by one measure.")
class OutcomeFiguresOrder:
    """A dimension or a measure, and a direction."""

    dimension: OutcomeFiguresDimension | None = member("The dimension, if it is one.")
    measure: OutcomeFiguresMeasure | None = member("The measure, if it is one.")
    statistic: Statistic | None = _statistic()
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.enum(description="What stints are grouped by.")
class StintFiguresDimension(Enum):
    """What stints are grouped by."""

    YEAR = "YEAR"
    QUARTER = "QUARTER"
    END_YEAR = "END_YEAR"
    END_QUARTER = "END_QUARTER"
    SEPARATION_REASON = "SEPARATION_REASON"
    IS_CURRENT = "IS_CURRENT"
    STATE_CODE = "STATE_CODE"
    AGENCY_KIND = "AGENCY_KIND"
    SIZE_BAND = "SIZE_BAND"
    RURAL = "RURAL"
    SWORN_COUNT_KNOWN = "SWORN_COUNT_KNOWN"


@strawberry.enum(description="What is measured of stints.")
class StintFiguresMeasure(Enum):
    """What is measured of stints."""

    COUNT = "COUNT"
    OFFICERS = "OFFICERS"
    RATE_PER_THOUSAND_SWORN = "RATE_PER_THOUSAND_SWORN"
    DAYS_SERVED = "DAYS_SERVED"


@strawberry.input(description="Which stints are counted; every member that is given must hold.")
class StintFiguresFilter:
    """Which stints are counted."""

    year: NumberFilter | None = member("By the year of the appointment.")
    quarter: NumberFilter | None = member("By its quarter.")
    end_year: NumberFilter | None = member("By the year of the separation.")
    end_quarter: NumberFilter | None = member("By its quarter.")
    separation_reason: CodeFilter[SeparationReason] | None = member("By why it ended.")
    is_current: BooleanFilter | None = member("By whether it was told to go on.")
    state_code: TextFilter | None = member("By the State whose law applies to the agency.")
    agency_kind: CodeFilter[AgencyKind] | None = member("By the kind of agency.")
    size_band: CodeFilter[SizeBand] | None = member("By the size of the agency.")
    rural: BooleanFilter | None = member("By whether the agency is rural.")
    sworn_count_known: BooleanFilter | None = member("By whether the agency's number of sworn officers is known.")
    and_: list[StintFiguresFilter] | None = member("All of these hold.", name="and")
    or_: list[StintFiguresFilter] | None = member("At least one of these holds.", name="or")
    not_: StintFiguresFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.input(description="Which groups of stints are given; both ends belong to the range.")
class StintFiguresHaving:
    """A figure and its range."""

    measure: StintFiguresMeasure = strawberry.field(description="What is compared.")
    statistic: Statistic | None = _statistic()
    from_: float | None = _from()
    to: float | None = _to()


@strawberry.input(description="How groups of stints are sorted: by one dimension or by one measure.")
class StintFiguresOrder:
    """A dimension or a measure, and a direction."""

    dimension: StintFiguresDimension | None = member("The dimension, if it is one.")
    measure: StintFiguresMeasure | None = member("The measure, if it is one.")
    statistic: Statistic | None = _statistic()
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.enum(description="What adverse separations are grouped by.")
class WanderingFiguresDimension(Enum):
    """What adverse separations are grouped by."""

    YEAR = "YEAR"
    QUARTER = "QUARTER"
    SEPARATION_REASON = "SEPARATION_REASON"
    GROUND = "GROUND"
    STATE_CODE = "STATE_CODE"
    AGENCY_KIND = "AGENCY_KIND"
    SIZE_BAND = "SIZE_BAND"
    RURAL = "RURAL"
    SWORN_COUNT_KNOWN = "SWORN_COUNT_KNOWN"
    IS_APPOINTED_AGAIN = "IS_APPOINTED_AGAIN"
    NEXT_STATE_CODE = "NEXT_STATE_CODE"
    NEXT_AGENCY_KIND = "NEXT_AGENCY_KIND"
    NEXT_SIZE_BAND = "NEXT_SIZE_BAND"


@strawberry.enum(description="What is measured of adverse separations.")
class WanderingFiguresMeasure(Enum):
    """What is measured of adverse separations."""

    COUNT = "COUNT"
    OFFICERS = "OFFICERS"
    RATE_PER_THOUSAND_SWORN = "RATE_PER_THOUSAND_SWORN"
    APPOINTED_AGAIN = "APPOINTED_AGAIN"
    SHARE_APPOINTED_AGAIN = "SHARE_APPOINTED_AGAIN"
    DAYS_UNTIL_APPOINTED = "DAYS_UNTIL_APPOINTED"


@strawberry.input(description="Which adverse separations are counted; every member that is given must hold.")
class WanderingFiguresFilter:
    """Which adverse separations are counted."""

    year: NumberFilter | None = member("By the year of the separation.")
    quarter: NumberFilter | None = member("By its quarter.")
    separation_reason: CodeFilter[SeparationReason] | None = member("By why the stint ended.")
    ground: CodeFilter[AdverseGround] | None = member("By what makes it adverse.")
    state_code: TextFilter | None = member("By the State whose law applies to the agency.")
    agency_kind: CodeFilter[AgencyKind] | None = member("By the kind of agency.")
    size_band: CodeFilter[SizeBand] | None = member("By the size of the agency.")
    rural: BooleanFilter | None = member("By whether the agency is rural.")
    sworn_count_known: BooleanFilter | None = member("By whether the agency's number of sworn officers is known.")
    is_appointed_again: BooleanFilter | None = member("By whether an appointment elsewhere followed.")
    next_state_code: TextFilter | None = member("By the State of the agency that followed.")
    next_agency_kind: CodeFilter[AgencyKind] | None = member("By its kind.")
    next_size_band: CodeFilter[SizeBand] | None = member("By its size.")
    and_: list[WanderingFiguresFilter] | None = member("All of these hold.", name="and")
    or_: list[WanderingFiguresFilter] | None = member("At least one of these holds.", name="or")
    not_: WanderingFiguresFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.input(description="Which groups of adverse separations are given; both ends belong to the range.")
class WanderingFiguresHaving:
    """A figure and its range."""

    measure: WanderingFiguresMeasure = strawberry.field(description="What is compared.")
    statistic: Statistic | None = _statistic()
    from_: float | None = _from()
    to: float | None = _to()


@strawberry.input(description="How groups of adverse separations are sorted: by one dimension or by one measure.")
class WanderingFiguresOrder:
    """A dimension or a measure, and a direction."""

    dimension: WanderingFiguresDimension | None = member("The dimension, if it is one.")
    measure: WanderingFiguresMeasure | None = member("The measure, if it is one.")
    statistic: Statistic | None = _statistic()
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")
