"""Commands in the contract: mutations that answer with what they did or with a typed refusal.

A command decides nothing here: this module says what its input is and which type its success is told in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

import strawberry

from app.domain.vocabulary import Role
from app.planning.parameters import decode_global_id
from app.registry.refusal import RefusalCode
from app.registry.role_grants import Command, GrantRole, RevokeRole
from app.schema.fields import command_field
from app.schema.places import RoleGrant

Refusal = strawberry.enum(RefusalCode, name="RefusalCode", description="Why a command was not carried out.")


@strawberry.type(description="The role is granted.")
class RoleGranted:
    """The grant as the caller may read it."""

    grant: RoleGrant | None = strawberry.field(description="The grant, as the caller may read it.")


@strawberry.type(description="The role is ended.")
class RoleRevoked:
    """The grant as the caller may read it."""

    grant: RoleGrant | None = strawberry.field(description="The grant, as the caller may read it.")


@strawberry.type(description="The command was not carried out; nothing has changed.")
class CommandRefused:
    """A refusal: a stable code and what to do next."""

    code: Refusal = strawberry.field(description="Why; stable.")  # type: ignore[valid-type]
    message: str = strawberry.field(description="What to do next; never a value that was sent or stored.")


GrantRoleResult = Annotated[
    RoleGranted | CommandRefused, strawberry.union("GrantRoleResult", description="The grant, or why it was not given.")
]
RevokeRoleResult = Annotated[
    RoleRevoked | CommandRefused,
    strawberry.union("RevokeRoleResult", description="The ended grant, or why it was not ended."),
]


@strawberry.input(description="Gives an account a role in the caller's own agency.")
class GrantRoleInput:
    """Which account, which role, from when to when; the key makes a repetition harmless."""

    account: str = strawberry.field(description="The account, as the `sub` of its tokens; at most 200 characters.")
    role: Role = strawberry.field(description="`hiring_investigator` or `records_officer`.")
    valid_from: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="From when, with its zone; from now on if left out."
    )
    valid_to: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Until when, with its zone; open if left out."
    )
    idempotency_key: str = strawberry.field(
        description="Chosen by the caller, at most 200 characters: the same command under it is carried out once."
    )


@strawberry.input(description="Ends a role in the caller's own agency, at once.")
class RevokeRoleInput:
    """Which grant; `expectedVersion` is 1 for a grant that nobody has ended."""

    grant_id: strawberry.ID = strawberry.field(description="The Relay id of the grant.")
    expected_version: int = strawberry.field(description="The version that was read: 1 for a grant nobody has ended.")
    idempotency_key: str = strawberry.field(
        description="Chosen by the caller, at most 200 characters: the same command under it is carried out once."
    )


@strawberry.type(description="What can be done.")
class Mutation:
    """Commands, named after what they do."""

    grant_role: GrantRoleResult = command_field(
        GrantRoleInput, "Give an account a role in the caller's own agency.", returns=GrantRoleResult
    )
    revoke_role: RevokeRoleResult = command_field(
        RevokeRoleInput, "End a role in the caller's own agency, at once.", returns=RevokeRoleResult
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandBinding:
    """How a mutation becomes a command: `read` makes it of the coerced input.

    Success is told in `success`, whose field `shows` is an object of type `target`, read back through the mask.
    """

    read: Callable[[Mapping[str, Any]], Command]
    success: str
    shows: str
    target: str


def _read_grant_role(given: Mapping[str, Any]) -> Command:
    return GrantRole(
        account=given["account"],
        role=given["role"],
        valid_from=given.get("validFrom"),
        valid_to=given.get("validTo"),
        idempotency_key=given["idempotencyKey"],
    )


def _read_revoke_role(given: Mapping[str, Any]) -> Command:
    return RevokeRole(
        grant_id=decode_global_id(given["grantId"], "RoleGrant"),
        expected_version=given["expectedVersion"],
        idempotency_key=given["idempotencyKey"],
    )


COMMANDS: Final[Mapping[str, CommandBinding]] = {
    "grantRole": CommandBinding(read=_read_grant_role, success="RoleGranted", shows="grant", target="RoleGrant"),
    "revokeRole": CommandBinding(read=_read_revoke_role, success="RoleRevoked", shows="grant", target="RoleGrant"),
}
REFUSED: Final = "CommandRefused"
