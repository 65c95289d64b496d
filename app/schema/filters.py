"""Filters and orders of agencies, people and outcomes; a contract leaves out the fields that it cannot read.

A member of `XFilter` or a value of `XOrderField` is the field of `X` with that name: a test holds them together.
"""

from __future__ import annotations

from enum import Enum

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
from app.schema.comparisons import BooleanFilter, CodeFilter, DateFilter, Direction, TextFilter, member


@strawberry.input(description="Which agencies a list gives; every member that is given must hold.")
class AgencyFilter:
    """Agencies by public facts."""

    name: TextFilter | None = member("By name.")
    kind: CodeFilter[AgencyKind] | None = member("By kind.")
    state_code: TextFilter | None = member("By the State whose law applies.")
    location_state: TextFilter | None = member("By where it is.")
    county_fips: TextFilter | None = member("By county.")
    size_band: CodeFilter[SizeBand] | None = member("By size.")
    and_: list[AgencyFilter] | None = member("All of these hold.", name="and")
    or_: list[AgencyFilter] | None = member("At least one of these holds.", name="or")
    not_: AgencyFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What agencies can be sorted by.")
class AgencyOrderField(Enum):
    """What agencies are sorted by."""

    NAME = "NAME"
    SWORN_COUNT = "SWORN_COUNT"


@strawberry.input(
    description="How agencies are sorted; rows without the value come last, or first in a descending order."
)
class AgencyOrder:
    """A field and a direction."""

    field: AgencyOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which officers a list gives; every member that is given must hold.")
class OfficerFilter:
    """Officers by name."""

    family_name: TextFilter | None = member("By family name.")
    given_name: TextFilter | None = member("By given name.")
    stints: StintQuantifier | None = member("By where they served.")
    certifications: CertificationQuantifier | None = member("By what certified them.")
    outcomes: OutcomeQuantifier | None = member("By their outcomes that may be seen.")
    and_: list[OfficerFilter] | None = member("All of these hold.", name="and")
    or_: list[OfficerFilter] | None = member("At least one of these holds.", name="or")
    not_: OfficerFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What officers can be sorted by.")
class OfficerOrderField(Enum):
    """What officers are sorted by."""

    FAMILY_NAME = "FAMILY_NAME"
    GIVEN_NAME = "GIVEN_NAME"


@strawberry.input(
    description="How officers are sorted; rows without the value come last, or first in a descending order."
)
class OfficerOrder:
    """A field and a direction."""

    field: OfficerOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which stints a list gives; every member that is given must hold.")
class StintFilter:
    """Stints by dates and by how they ended."""

    from_date: DateFilter | None = member("By the first day.")
    to_date: DateFilter | None = member("By the last day.")
    is_current: BooleanFilter | None = member("By whether it goes on.")
    separation_reason: CodeFilter[SeparationReason] | None = member("By why it ended.")
    agency: AgencyFilter | None = member("By the agency.")
    and_: list[StintFilter] | None = member("All of these hold.", name="and")
    or_: list[StintFilter] | None = member("At least one of these holds.", name="or")
    not_: StintFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What stints can be sorted by.")
class StintOrderField(Enum):
    """What stints are sorted by."""

    FROM_DATE = "FROM_DATE"
    TO_DATE = "TO_DATE"


@strawberry.input(
    description="How stints are sorted; rows without the value come last, or first in a descending order."
)
class StintOrder:
    """A field and a direction."""

    field: StintOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which certifications a list gives; every member that is given must hold.")
class CertificationFilter:
    """Certifications by State and standing."""

    state_code: TextFilter | None = member("By the State that gave it.")
    type: TextFilter | None = member("By type.")
    status: CodeFilter[CertificationStatus] | None = member("By standing.")
    and_: list[CertificationFilter] | None = member("All of these hold.", name="and")
    or_: list[CertificationFilter] | None = member("At least one of these holds.", name="or")
    not_: CertificationFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.input(description="Which outcomes a list gives; every member that is given must hold.")
class OutcomeFilter:
    """Outcomes by what the caller may read of them."""

    kind: CodeFilter[OutcomeKind] | None = member("By kind.")
    action_date: DateFilter | None = member("By the day it took effect.")
    finality: CodeFilter[Finality] | None = member("By whether an appeal is open.")
    dispute: CodeFilter[DisputeState] | None = member("By whether it is disputed.")
    lifecycle: CodeFilter[Lifecycle] | None = member("By where it stands in the registry.")
    has_finding: BooleanFilter | None = member("By whether a finding was made.")
    force_related: BooleanFilter | None = member("By whether it concerns the use of force.")
    agency: AgencyFilter | None = member("By the agency that reported it.")
    officer: OfficerFilter | None = member("By whom it is about.")
    and_: list[OutcomeFilter] | None = member("All of these hold.", name="and")
    or_: list[OutcomeFilter] | None = member("At least one of these holds.", name="or")
    not_: OutcomeFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What outcomes can be sorted by.")
class OutcomeOrderField(Enum):
    """What outcomes are sorted by."""

    ACTION_DATE = "ACTION_DATE"
    KIND = "KIND"
    CLEARED_AT = "CLEARED_AT"


@strawberry.input(
    description="How outcomes are sorted; rows without the value come last, or first in a descending order."
)
class OutcomeOrder:
    """A field and a direction."""

    field: OutcomeOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="How many stints that may be seen must fit.")
class StintQuantifier:
    """At least one, or none."""

    some: StintFilter | None = member("At least one of them does.")
    none: StintFilter | None = member("None of them does.")


@strawberry.input(description="How many certifications that may be seen must fit.")
class CertificationQuantifier:
    """At least one, or none."""

    some: CertificationFilter | None = member("At least one of them does.")
    none: CertificationFilter | None = member("None of them does.")


@strawberry.input(description="How many outcomes that may be seen must fit.")
class OutcomeQuantifier:
    """At least one, or none."""

    some: OutcomeFilter | None = member("At least one of them does.")
    none: OutcomeFilter | None = member("None of them does.")
