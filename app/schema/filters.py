"""Filters and orders of lists; each names fields of its type, and a contract leaves out those it cannot read.

A member of `XFilter` or a value of `XOrderField` is the field of `X` with that name: a test holds them together.
"""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Generic, TypeVar

import strawberry

from app.domain.vocabulary import (
    AgencyKind,
    CertificationStatus,
    DisputeState,
    Finality,
    Lifecycle,
    OutcomeKind,
    SeparationReason,
    SizeBand,
)

Code = TypeVar("Code")


@strawberry.enum
class Direction(Enum):
    """Which way a list is sorted."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.input(description="Compares a text.")
class TextFilter:
    """Equality, membership and beginning."""

    eq: str | None = strawberry.UNSET
    in_: list[str] | None = strawberry.field(name="in", default=strawberry.UNSET)
    starts_with: str | None = strawberry.UNSET


@strawberry.input(description="Compares a date; both ends belong to the range.")
class DateFilter:
    """Equality and range."""

    eq: date | None = strawberry.UNSET
    from_: date | None = strawberry.field(name="from", default=strawberry.UNSET)
    to: date | None = strawberry.UNSET


@strawberry.input(description="Compares a truth value.")
class BooleanFilter:
    """Equality."""

    eq: bool | None = strawberry.UNSET


@strawberry.input(description="Compares a code.")
class CodeFilter(Generic[Code]):
    """Equality and membership."""

    eq: Code | None = strawberry.UNSET
    in_: list[Code] | None = strawberry.field(name="in", default=strawberry.UNSET)


@strawberry.input
class AgencyFilter:
    """Agencies by public facts."""

    name: TextFilter | None = strawberry.UNSET
    kind: CodeFilter[AgencyKind] | None = strawberry.UNSET
    state_code: TextFilter | None = strawberry.UNSET
    location_state: TextFilter | None = strawberry.UNSET
    county_fips: TextFilter | None = strawberry.UNSET
    size_band: CodeFilter[SizeBand] | None = strawberry.UNSET
    and_: list[AgencyFilter] | None = strawberry.field(name="and", default=strawberry.UNSET)
    or_: list[AgencyFilter] | None = strawberry.field(name="or", default=strawberry.UNSET)
    not_: AgencyFilter | None = strawberry.field(name="not", default=strawberry.UNSET)


@strawberry.enum
class AgencyOrderField(Enum):
    """What agencies are sorted by."""

    NAME = "NAME"
    SWORN_COUNT = "SWORN_COUNT"


@strawberry.input
class AgencyOrder:
    """A field and a direction."""

    field: AgencyOrderField
    direction: Direction = Direction.ASC


@strawberry.input
class OfficerFilter:
    """Officers by name."""

    family_name: TextFilter | None = strawberry.UNSET
    given_name: TextFilter | None = strawberry.UNSET
    and_: list[OfficerFilter] | None = strawberry.field(name="and", default=strawberry.UNSET)
    or_: list[OfficerFilter] | None = strawberry.field(name="or", default=strawberry.UNSET)
    not_: OfficerFilter | None = strawberry.field(name="not", default=strawberry.UNSET)


@strawberry.enum
class OfficerOrderField(Enum):
    """What officers are sorted by."""

    FAMILY_NAME = "FAMILY_NAME"
    GIVEN_NAME = "GIVEN_NAME"


@strawberry.input
class OfficerOrder:
    """A field and a direction."""

    field: OfficerOrderField
    direction: Direction = Direction.ASC


@strawberry.input
class StintFilter:
    """Stints by dates and by how they ended."""

    from_date: DateFilter | None = strawberry.UNSET
    to_date: DateFilter | None = strawberry.UNSET
    is_current: BooleanFilter | None = strawberry.UNSET
    separation_reason: CodeFilter[SeparationReason] | None = strawberry.UNSET
    and_: list[StintFilter] | None = strawberry.field(name="and", default=strawberry.UNSET)
    or_: list[StintFilter] | None = strawberry.field(name="or", default=strawberry.UNSET)
    not_: StintFilter | None = strawberry.field(name="not", default=strawberry.UNSET)


@strawberry.enum
class StintOrderField(Enum):
    """What stints are sorted by."""

    FROM_DATE = "FROM_DATE"
    TO_DATE = "TO_DATE"


@strawberry.input
class StintOrder:
    """A field and a direction."""

    field: StintOrderField
    direction: Direction = Direction.ASC


@strawberry.input
class CertificationFilter:
    """Certifications by State and standing."""

    state_code: TextFilter | None = strawberry.UNSET
    type: TextFilter | None = strawberry.UNSET
    status: CodeFilter[CertificationStatus] | None = strawberry.UNSET
    and_: list[CertificationFilter] | None = strawberry.field(name="and", default=strawberry.UNSET)
    or_: list[CertificationFilter] | None = strawberry.field(name="or", default=strawberry.UNSET)
    not_: CertificationFilter | None = strawberry.field(name="not", default=strawberry.UNSET)


@strawberry.input
class OutcomeFilter:
    """Outcomes by what the caller may read of them."""

    kind: CodeFilter[OutcomeKind] | None = strawberry.UNSET
    action_date: DateFilter | None = strawberry.UNSET
    finality: CodeFilter[Finality] | None = strawberry.UNSET
    dispute: CodeFilter[DisputeState] | None = strawberry.UNSET
    lifecycle: CodeFilter[Lifecycle] | None = strawberry.UNSET
    has_finding: BooleanFilter | None = strawberry.UNSET
    force_related: BooleanFilter | None = strawberry.UNSET
    and_: list[OutcomeFilter] | None = strawberry.field(name="and", default=strawberry.UNSET)
    or_: list[OutcomeFilter] | None = strawberry.field(name="or", default=strawberry.UNSET)
    not_: OutcomeFilter | None = strawberry.field(name="not", default=strawberry.UNSET)


@strawberry.enum
class OutcomeOrderField(Enum):
    """What outcomes are sorted by."""

    ACTION_DATE = "ACTION_DATE"
    KIND = "KIND"
    CLEARED_AT = "CLEARED_AT"


@strawberry.input
class OutcomeOrder:
    """A field and a direction."""

    field: OutcomeOrderField
    direction: Direction = Direction.ASC
