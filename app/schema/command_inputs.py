"""What is sent with each command: its input types, with what every member means.

Each carries an idempotency key; a command that changes something carries the version that was read.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import strawberry

from app.domain.vocabulary import ExportFormat, Role
from app.schema.oversight_filters import AnalystRowFilter
from app.schema.scalars import ORI


def _choose_key() -> Any:
    return strawberry.field(
        description="Chosen by the caller, at most 200 characters: the same command under it is carried out once."
    )


def _begin() -> Any:
    return strawberry.field(default=strawberry.UNSET, description="From when, with its zone; from now on if left out.")


def _leave_out(description: str) -> Any:
    return strawberry.field(default=strawberry.UNSET, description=description)


@strawberry.input(description="Gives an account a role: a head in his own agency, a registrar where the role is held.")
class GrantRoleInput:
    """Which account, which role, where, from when to when; the key makes a repetition harmless."""

    account: str = strawberry.field(description="The account, as the `sub` of its tokens; at most 200 characters.")
    role: Role = strawberry.field(
        description="A head gives `hiring_investigator` and `records_officer`; a registrar `agency_head`, "
        "`post_officer`, `officer`, `credentialing_body` and the roles of the Department of Justice."
    )
    agency_ori: ORI | None = _leave_out("An ORI of the agency: by a registrar, for `agency_head`, and left out else.")
    state_code: str | None = _leave_out("The State's postal code: for `post_officer`, and left out else.")
    officer_id: strawberry.ID | None = _leave_out(
        "The Relay id of the officer whom the account was proofed to be: for `officer`, and left out else."
    )
    body_id: strawberry.ID | None = _leave_out(
        "The Relay id of the body the account acts for: for `credentialing_body`, and left out else."
    )
    valid_from: datetime | None = _begin()
    valid_to: datetime | None = _leave_out("Until when, with its zone; open if left out.")
    idempotency_key: str = _choose_key()


@strawberry.input(description="Ends a role that the caller may give, at once.")
class RevokeRoleInput:
    """Which grant; `expectedVersion` is 1 for a grant that nobody has ended."""

    grant_id: strawberry.ID = strawberry.field(description="The Relay id of the grant.")
    expected_version: int = strawberry.field(description="The version that was read: 1 for a grant nobody has ended.")
    idempotency_key: str = _choose_key()


@strawberry.input(description="Lets an account read the officer's own record for him.")
class GiveMandateInput:
    """Which account, from when to when."""

    account: str = strawberry.field(
        description="The representative's account, as the `sub` of its tokens; at most 200 characters."
    )
    valid_from: datetime | None = _begin()
    valid_to: datetime = strawberry.field(description="Until when, with its zone; at most 24 months ahead.")
    idempotency_key: str = _choose_key()


@strawberry.input(description="Ends a mandate of the officer's own, at once.")
class EndMandateInput:
    """Which mandate; `expectedVersion` is 1 for one that nobody has ended."""

    mandate_id: strawberry.ID = strawberry.field(description="The Relay id of the mandate.")
    expected_version: int = strawberry.field(description="The version that was read: 1 for one nobody has ended.")
    idempotency_key: str = _choose_key()


@strawberry.input(description="Asks to read one outcome for some hours.")
class RequestBreakGlassInput:
    """Which outcome, in which case, why, for how long."""

    outcome_id: strawberry.ID = strawberry.field(
        description="The Relay id of an outcome; whether there is one is not told."
    )
    case_number: str = strawberry.field(description="The number of the case it is needed in; at most 100 characters.")
    reason: str = strawberry.field(description="Why it is needed; at most 1000 characters, no name of a person.")
    hours: int = strawberry.field(description="For how many hours from approval on: 1 to 24.")
    idempotency_key: str = _choose_key()


@strawberry.input(description="Lets another auditor read what he asked for.")
class ApproveBreakGlassInput:
    """Which request; `expectedVersion` is 1 for one that nobody has approved or ended."""

    access_id: strawberry.ID = strawberry.field(description="The Relay id of the request.")
    expected_version: int = strawberry.field(description="The version that was read: 1 for a request that waits.")
    idempotency_key: str = _choose_key()


@strawberry.input(description="Takes a request back, or closes what was opened.")
class EndBreakGlassInput:
    """Which access; `expectedVersion` is 1 for a request that waits and 2 for one that was approved."""

    access_id: strawberry.ID = strawberry.field(description="The Relay id of the request or access.")
    expected_version: int = strawberry.field(
        description="The version that was read: 1 for a request that waits, 2 for one that was approved."
    )
    idempotency_key: str = _choose_key()


@strawberry.input(description="Asks for rows of analysis as a file.")
class RequestExportInput:
    """Which rows, in which form."""

    format: ExportFormat = strawberry.field(description="What the file is.")
    filter: AnalystRowFilter | None = _leave_out("Which rows, as for `analystRows`; all of them if left out.")
    idempotency_key: str = _choose_key()


@strawberry.input(description="Ends an export of the caller's own.")
class CancelExportInput:
    """Which export."""

    export_id: strawberry.ID = strawberry.field(description="The Relay id of the export.")
    idempotency_key: str = _choose_key()
