"""Filters and orders of rights and duties: grants, credentials, compliance, and an agency's inbox.

A member of `XFilter` or a value of `XOrderField` is the field of `X` with that name: a test holds them together.
"""

from __future__ import annotations

from enum import Enum

import strawberry

from app.domain.vocabulary import CredentialBasis, CredentialStatus, RequiredAction, Role
from app.schema.comparisons import (
    BooleanFilter,
    CodeFilter,
    DateFilter,
    Direction,
    HasFilter,
    TextFilter,
    TimeFilter,
    member,
)
from app.schema.scalars import ORI


@strawberry.input(description="Which grants of roles a list gives; every member that is given must hold.")
class RoleGrantFilter:
    """Grants by who holds what, where."""

    account: TextFilter | None = member("By the account that holds it.")
    role: CodeFilter[Role] | None = member("By role.")
    agency_oris: HasFilter[ORI] | None = member("By an ORI of its agency.")
    state_code: TextFilter | None = member("By State.")
    granted_at: TimeFilter | None = member("By when it was granted.")
    and_: list[RoleGrantFilter] | None = member("All of these hold.", name="and")
    or_: list[RoleGrantFilter] | None = member("At least one of these holds.", name="or")
    not_: RoleGrantFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What grants of roles can be sorted by.")
class RoleGrantOrderField(Enum):
    """What grants of roles are sorted by."""

    GRANTED_AT = "GRANTED_AT"
    ACCOUNT = "ACCOUNT"


@strawberry.input(
    description="How grants of roles are sorted; rows without the value come last, or first in a descending order."
)
class RoleGrantOrder:
    """A field and a direction."""

    field: RoleGrantOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which credentials a list gives; every member that is given must hold.")
class CredentialFilter:
    """Credentials by standing and time."""

    status: CodeFilter[CredentialStatus] | None = member("By standing.")
    basis: CodeFilter[CredentialBasis] | None = member("By what it rests on.")
    valid_to: DateFilter | None = member("By the first day on which it no longer holds.")
    and_: list[CredentialFilter] | None = member("All of these hold.", name="and")
    or_: list[CredentialFilter] | None = member("At least one of these holds.", name="or")
    not_: CredentialFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What credentials can be sorted by.")
class CredentialOrderField(Enum):
    """What credentials are sorted by."""

    VALID_FROM = "VALID_FROM"
    VALID_TO = "VALID_TO"


@strawberry.input(
    description="How credentials are sorted; rows without the value come last, or first in a descending order."
)
class CredentialOrder:
    """A field and a direction."""

    field: CredentialOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which agencies' duties a list gives; every member that is given must hold.")
class AgencyComplianceFilter:
    """Agencies by place and by how far they have reported."""

    name: TextFilter | None = member("By the agency's name.")
    agency_oris: HasFilter[ORI] | None = member("By one of the agency's ORIs.")
    state_code: TextFilter | None = member("By the State whose law applies.")
    reported_through: DateFilter | None = member("By the last day that a certified report covers.")
    and_: list[AgencyComplianceFilter] | None = member("All of these hold.", name="and")
    or_: list[AgencyComplianceFilter] | None = member("At least one of these holds.", name="or")
    not_: AgencyComplianceFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What agencies' duties can be sorted by.")
class AgencyComplianceOrderField(Enum):
    """What agencies' duties are sorted by."""

    NAME = "NAME"
    REPORTED_THROUGH = "REPORTED_THROUGH"


@strawberry.input(
    description="How agencies' duties are sorted; rows without the value come last, or first in a descending order."
)
class AgencyComplianceOrder:
    """A field and a direction."""

    field: AgencyComplianceOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which subscriptions a list gives; every member that is given must hold.")
class MonitorSubscriptionFilter:
    """Subscriptions by when they must be renewed."""

    renewal_due: DateFilter | None = member("By the day by which it must be renewed.")
    and_: list[MonitorSubscriptionFilter] | None = member("All of these hold.", name="and")
    or_: list[MonitorSubscriptionFilter] | None = member("At least one of these holds.", name="or")
    not_: MonitorSubscriptionFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What subscriptions can be sorted by.")
class MonitorSubscriptionOrderField(Enum):
    """What subscriptions are sorted by."""

    RENEWAL_DUE = "RENEWAL_DUE"
    VALID_FROM = "VALID_FROM"


@strawberry.input(
    description="How subscriptions are sorted; rows without the value come last, or first in a descending order."
)
class MonitorSubscriptionOrder:
    """A field and a direction."""

    field: MonitorSubscriptionOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which notices a list gives; every member that is given must hold.")
class NoticeFilter:
    """Notices by cause and time."""

    cause: TextFilter | None = member("By why it was sent.")
    created_at: TimeFilter | None = member("By when it was made.")
    is_acknowledged: BooleanFilter | None = member("By whether it was acknowledged.")
    and_: list[NoticeFilter] | None = member("All of these hold.", name="and")
    or_: list[NoticeFilter] | None = member("At least one of these holds.", name="or")
    not_: NoticeFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What notices can be sorted by.")
class NoticeOrderField(Enum):
    """What notices are sorted by."""

    CREATED_AT = "CREATED_AT"
    DUE_AT = "DUE_AT"


@strawberry.input(
    description="How notices are sorted; rows without the value come last, or first in a descending order."
)
class NoticeOrder:
    """A field and a direction."""

    field: NoticeOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")


@strawberry.input(description="Which tasks a list gives; every member that is given must hold.")
class RelianceTaskFilter:
    """Tasks by what is owed, until when."""

    required_action: CodeFilter[RequiredAction] | None = member("By what is owed.")
    due_at: TimeFilter | None = member("By until when.")
    is_done: BooleanFilter | None = member("By whether it was done.")
    and_: list[RelianceTaskFilter] | None = member("All of these hold.", name="and")
    or_: list[RelianceTaskFilter] | None = member("At least one of these holds.", name="or")
    not_: RelianceTaskFilter | None = member(
        "This does not hold; a value that is absent or hidden fits neither way.", name="not"
    )


@strawberry.enum(description="What tasks can be sorted by.")
class RelianceTaskOrderField(Enum):
    """What tasks are sorted by."""

    DUE_AT = "DUE_AT"


@strawberry.input(description="How tasks are sorted; rows without the value come last, or first in a descending order.")
class RelianceTaskOrder:
    """A field and a direction."""

    field: RelianceTaskOrderField = strawberry.field(description="What to sort by.")
    direction: Direction = strawberry.field(default=Direction.ASC, description="Which way.")
