"""Grants by the operator at the console: the first registrars and auditors, whom nobody inside may appoint.

INVARIANT: what the operator gives or ends is recorded as set-up in the same transaction; he gives himself nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from app.audit.commitment import commit_variables
from app.audit.records import NO_DIGEST, AuditRecord, RecordKind
from app.domain.clock import IdSource
from app.domain.vocabulary import Purpose, Role
from app.errors import SetupRefused
from app.storage.intake.recording import OPERATOR
from app.storage.ledger.command_chain import append_in_transaction
from app.storage.listed_grants import find_bodies
from app.storage.role_grants import GrantResult, NewGrant, end_grant, find_agency, find_grant, insert_grant
from app.storage.world.owner import Connection

_REFUSALS: Final[Mapping[GrantResult, str]] = {
    GrantResult.HELD: "the account holds this role there already; end that grant first",
    GrantResult.NOWHERE: "no officer has this id; import careers or load a world first",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorTools:
    """The registry's time, where ids come from, the chain of this run, and the key that records commit with."""

    now: datetime
    draw_id: IdSource
    chain_id: UUID
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorOrder:
    """Which account is to hold which role, where, from now until `until` (open if none)."""

    account: str
    role: Role
    agency_ori: str | None
    state_code: str | None
    officer_id: UUID | None
    body_name: str | None
    until: datetime | None


async def give_as_operator(connection: Connection, order: OperatorOrder, tools: OperatorTools) -> UUID:
    """Give the role and record it: the grant's id; raises `SetupRefused` where it cannot be given."""
    if order.account == OPERATOR:
        raise SetupRefused("the operator gives roles and holds none; name another account")
    async with connection.transaction():
        grant = NewGrant(
            id=tools.draw_id(),
            account=order.account,
            role=order.role,
            agency_id=await _find_agency(connection, order),
            state_code=order.state_code,
            officer_id=order.officer_id,
            body_id=await _find_body(connection, order),
            valid_from=tools.now,
            valid_to=order.until,
            granted_by=OPERATOR,
            granted_at=tools.now,
        )
        written = await insert_grant(connection, grant)
        if written is not GrantResult.WRITTEN:
            raise SetupRefused(_REFUSALS[written])
        await _record(connection, tools, "grants give", grant.id, "GRANTED", grant.agency_id, grant.state_code)
    return grant.id


async def end_as_operator(connection: Connection, grant_id: UUID, tools: OperatorTools) -> None:
    """End a grant now and record it; raises `SetupRefused` where there is none that could be ended."""
    async with connection.transaction():
        found = await find_grant(connection, grant_id, tools.now)
        if found is None:
            raise SetupRefused("no grant has this id; find it with: probity grants list")
        if found.is_ended:
            raise SetupRefused("this grant has ended already; nothing is to be done")
        await end_grant(connection, grant_id, by=OPERATOR, now=tools.now)
        await _record(connection, tools, "grants end", grant_id, "ENDED")


async def _find_agency(connection: Connection, order: OperatorOrder) -> UUID | None:
    if order.agency_ori is None:
        return None
    found = await find_agency(connection, order.agency_ori)
    if found is None:
        raise SetupRefused("no agency has this ORI; import agencies or load a world first")
    return found


async def _find_body(connection: Connection, order: OperatorOrder) -> UUID | None:
    if order.body_name is None:
        return None
    found = await find_bodies(connection, order.body_name)
    if len(found) != 1:
        raise SetupRefused("no single credentialing body has this name; write it as the registry has it")
    return found[0]


async def _record(
    connection: Connection,
    tools: OperatorTools,
    operation: str,
    grant_id: UUID,
    result: str,
    agency_id: UUID | None = None,
    state_code: str | None = None,
) -> None:
    record_id = tools.draw_id()
    record = AuditRecord(
        id=record_id,
        kind=RecordKind.SETUP,
        at=tools.now,
        account=OPERATOR,
        role=OPERATOR,
        purpose=Purpose.REGISTRY.value,
        agency_id=agency_id,
        state_code=state_code,
        operation=operation,
        document_sha256=NO_DIGEST,
        policy_sha256=NO_DIGEST,
        input_commitment=commit_variables(tools.secret, record_id, {"grant": str(grant_id)}),
        result=result,
    )
    await append_in_transaction(connection, record, chain_id=tools.chain_id)
