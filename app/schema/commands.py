"""Commands in the contract: mutations that answer with what they did or with a typed refusal.

A command decides nothing here: this module says what its input is and which type its success is told in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import strawberry

from app.domain.delegation import Scope
from app.domain.vocabulary import ExportFormat
from app.planning.parameters import decode_global_id
from app.registry.break_glass import ApproveBreakGlass, EndBreakGlass, RequestBreakGlass
from app.registry.commands import Command
from app.registry.exports import CancelExport, RequestExport
from app.registry.mandates import EndMandate, GiveMandate
from app.registry.refusal import RefusalCode
from app.registry.role_grants import GrantRole, NamedScope, RevokeRole
from app.schema.command_inputs import (
    ApproveBreakGlassInput,
    CancelExportInput,
    EndBreakGlassInput,
    EndMandateInput,
    GiveMandateInput,
    GrantRoleInput,
    RequestBreakGlassInput,
    RequestExportInput,
    RevokeRoleInput,
)
from app.schema.exports import Export, write_question
from app.schema.fields import command_field
from app.schema.oversight import BreakGlassAccess
from app.schema.own import Mandate
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


@strawberry.type(description="The mandate is given.")
class MandateGiven:
    """The mandate as the caller may read it."""

    mandate: Mandate | None = strawberry.field(description="The mandate, as the caller may read it.")


@strawberry.type(description="The mandate is ended.")
class MandateEnded:
    """The mandate as the caller may read it."""

    mandate: Mandate | None = strawberry.field(description="The mandate, as the caller may read it.")


@strawberry.type(description="The request is written down and waits for another auditor, whatever it names.")
class BreakGlassRequested:
    """The request as the caller may read it."""

    access: BreakGlassAccess | None = strawberry.field(description="The request, as the caller may read it.")


@strawberry.type(description="The one who asked may read the outcome for his hours; everyone concerned is told.")
class BreakGlassApproved:
    """The access as the caller may read it."""

    access: BreakGlassAccess | None = strawberry.field(description="The access, as the caller may read it.")


@strawberry.type(description="The request is taken back, or what was opened is closed.")
class BreakGlassEnded:
    """The access as the caller may read it."""

    access: BreakGlassAccess | None = strawberry.field(description="The access, as the caller may read it.")


@strawberry.type(description="The export is written down, and is made as soon as its turn comes.")
class ExportRequested:
    """The export as the caller may read it."""

    export: Export | None = strawberry.field(description="The export, as the caller may read it.")


@strawberry.type(description="The export has ended, and its file is gone.")
class ExportCancelled:
    """The export as the caller may read it."""

    export: Export | None = strawberry.field(description="The export, as the caller may read it.")


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
GiveMandateResult = Annotated[
    MandateGiven | CommandRefused,
    strawberry.union("GiveMandateResult", description="The mandate, or why it was not given."),
]
EndMandateResult = Annotated[
    MandateEnded | CommandRefused,
    strawberry.union("EndMandateResult", description="The ended mandate, or why it was not ended."),
]
RequestBreakGlassResult = Annotated[
    BreakGlassRequested | CommandRefused,
    strawberry.union("RequestBreakGlassResult", description="The request, or why it was not taken."),
]
ApproveBreakGlassResult = Annotated[
    BreakGlassApproved | CommandRefused,
    strawberry.union("ApproveBreakGlassResult", description="What was opened, or why nothing was."),
]
EndBreakGlassResult = Annotated[
    BreakGlassEnded | CommandRefused,
    strawberry.union("EndBreakGlassResult", description="What was closed, or why nothing was."),
]

RequestExportResult = Annotated[
    ExportRequested | CommandRefused,
    strawberry.union("RequestExportResult", description="The export, or why it was not taken."),
]
CancelExportResult = Annotated[
    ExportCancelled | CommandRefused,
    strawberry.union("CancelExportResult", description="The ended export, or why it was not ended."),
]


@strawberry.type(description="What can be done.")
class Mutation:
    """Commands, named after what they do."""

    grant_role: GrantRoleResult = command_field(
        GrantRoleInput,
        "Give an account a role: a head in his own agency, a registrar where the role is held.",
        returns=GrantRoleResult,
    )
    revoke_role: RevokeRoleResult = command_field(
        RevokeRoleInput, "End a role that the caller may give, at once.", returns=RevokeRoleResult
    )
    give_mandate: GiveMandateResult = command_field(
        GiveMandateInput, "Let an account read the officer's own record for him.", returns=GiveMandateResult
    )
    end_mandate: EndMandateResult = command_field(
        EndMandateInput, "End a mandate of the officer's own, at once.", returns=EndMandateResult
    )
    request_break_glass: RequestBreakGlassResult = command_field(
        RequestBreakGlassInput,
        "Ask to read one outcome; the request is taken whatever the id names.",
        returns=RequestBreakGlassResult,
    )
    approve_break_glass: ApproveBreakGlassResult = command_field(
        ApproveBreakGlassInput,
        "Let another auditor read what he asked for; the officer, the agency and the certifying States are told.",
        returns=ApproveBreakGlassResult,
    )
    end_break_glass: EndBreakGlassResult = command_field(
        EndBreakGlassInput,
        "Take a request back or close what was opened, at once; by either of the two.",
        returns=EndBreakGlassResult,
    )
    request_export: RequestExportResult = command_field(
        RequestExportInput,
        "Ask for rows of analysis as a file: made in the background, kept for a day, for the caller alone.",
        returns=RequestExportResult,
    )
    cancel_export: CancelExportResult = command_field(
        CancelExportInput, "End an export of the caller's own, and delete its file.", returns=CancelExportResult
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
        scope=_read_scope(given),
        valid_from=given.get("validFrom"),
        valid_to=given.get("validTo"),
        idempotency_key=given["idempotencyKey"],
    )


def _read_scope(given: Mapping[str, Any]) -> NamedScope:
    names = {
        Scope.AGENCY: "agencyOri",
        Scope.STATE: "stateCode",
        Scope.OFFICER: "officerId",
        Scope.BODY: "bodyId",
    }
    return NamedScope(
        agency_ori=given.get("agencyOri"),
        state_code=given.get("stateCode"),
        officer_id=decode_global_id(given.get("officerId"), "Officer"),
        body_id=decode_global_id(given.get("bodyId"), "CredentialingBody"),
        said=tuple(scope for scope, name in names.items() if given.get(name) is not None),
    )


def _read_revoke_role(given: Mapping[str, Any]) -> Command:
    return RevokeRole(
        grant_id=decode_global_id(given["grantId"], "RoleGrant"),
        expected_version=given["expectedVersion"],
        idempotency_key=given["idempotencyKey"],
    )


def _read_give_mandate(given: Mapping[str, Any]) -> Command:
    return GiveMandate(
        account=given["account"],
        valid_from=given.get("validFrom"),
        valid_to=given["validTo"],
        idempotency_key=given["idempotencyKey"],
    )


def _read_end_mandate(given: Mapping[str, Any]) -> Command:
    return EndMandate(
        mandate_id=decode_global_id(given["mandateId"], "Mandate"),
        expected_version=given["expectedVersion"],
        idempotency_key=given["idempotencyKey"],
    )


def _read_request_break_glass(given: Mapping[str, Any]) -> Command:
    return RequestBreakGlass(
        outcome_id=decode_global_id(given["outcomeId"], "Outcome"),
        case_number=given["caseNumber"],
        reason=given["reason"],
        hours=given["hours"],
        idempotency_key=given["idempotencyKey"],
    )


def _read_approve_break_glass(given: Mapping[str, Any]) -> Command:
    return ApproveBreakGlass(
        access_id=decode_global_id(given["accessId"], "BreakGlassAccess"),
        expected_version=given["expectedVersion"],
        idempotency_key=given["idempotencyKey"],
    )


def _read_end_break_glass(given: Mapping[str, Any]) -> Command:
    return EndBreakGlass(
        access_id=decode_global_id(given["accessId"], "BreakGlassAccess"),
        expected_version=given["expectedVersion"],
        idempotency_key=given["idempotencyKey"],
    )


def _read_request_export(given: Mapping[str, Any]) -> Command:
    return RequestExport(
        format=ExportFormat(given["format"]),
        question=write_question(given.get("filter")),
        idempotency_key=given["idempotencyKey"],
    )


def _read_cancel_export(given: Mapping[str, Any]) -> Command:
    return CancelExport(
        export_id=decode_global_id(given["exportId"], "Export"), idempotency_key=given["idempotencyKey"]
    )


def _bind(read: Callable[[Mapping[str, Any]], Command], success: type, shows: str, target: type) -> CommandBinding:
    return CommandBinding(read=read, success=success.__name__, shows=shows, target=target.__name__)


COMMANDS: Final[Mapping[str, CommandBinding]] = {
    "grantRole": _bind(_read_grant_role, RoleGranted, "grant", RoleGrant),
    "revokeRole": _bind(_read_revoke_role, RoleRevoked, "grant", RoleGrant),
    "giveMandate": _bind(_read_give_mandate, MandateGiven, "mandate", Mandate),
    "endMandate": _bind(_read_end_mandate, MandateEnded, "mandate", Mandate),
    "requestBreakGlass": _bind(_read_request_break_glass, BreakGlassRequested, "access", BreakGlassAccess),
    "approveBreakGlass": _bind(_read_approve_break_glass, BreakGlassApproved, "access", BreakGlassAccess),
    "endBreakGlass": _bind(_read_end_break_glass, BreakGlassEnded, "access", BreakGlassAccess),
    "requestExport": _bind(_read_request_export, ExportRequested, "export", Export),
    "cancelExport": _bind(_read_cancel_export, ExportCancelled, "export", Export),
}
REFUSED: Final = "CommandRefused"
