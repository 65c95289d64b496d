"""Granting and ending roles: by an agency's head within it, by a registrar for the registry; for others, and at once.

INVARIANT: nobody grants or ends a role of his own, and no one grants a role that app.domain.delegation does not list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from app.domain.delegation import DELEGABLE, SCOPE_OF_ROLE, Scope
from app.domain.relation import STATE_RELATIONS
from app.domain.vocabulary import Action, Role
from app.registry.commands import CommandContext, is_name
from app.registry.refusal import RefusalCode
from app.storage.pools import WriteSession
from app.storage.role_grants import (
    GrantResult,
    NewGrant,
    StoredGrant,
    end_grant,
    find_agency,
    find_grant,
    insert_grant,
)

REFUSALS: Final[Mapping[GrantResult, RefusalCode]] = {
    GrantResult.HELD: RefusalCode.ALREADY_HELD,
    GrantResult.NOWHERE: RefusalCode.NOT_FOUND,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedScope:
    """Where a role is to hold; `said` lists, in order, what was named at all, be it something that there is or not."""

    agency_ori: str | None = None
    state_code: str | None = None
    officer_id: UUID | None = None
    body_id: UUID | None = None
    said: tuple[Scope, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole:
    """Give `account` a role from `valid_from` (now, if not given) to `valid_to` (open).

    A head gives it in his own agency and says no scope; a registrar says the one that the role needs.
    """

    account: str
    role: str
    scope: NamedScope
    valid_from: datetime | None
    valid_to: datetime | None
    idempotency_key: str

    field: ClassVar[str] = "Mutation.grantRole"
    action: ClassVar[Action] = Action.GRANT
    name: ClassVar[str] = "grantRole"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """Write the grant: its id, or why it cannot be."""
        refusal = self._refuse(context)
        if refusal is not None:
            return refusal
        agency_id = context.agency_id if context.role is Role.AGENCY_HEAD else None
        if self.scope.agency_ori is not None:
            agency_id = await find_agency(session.connection, self.scope.agency_ori)
        named = {Scope.AGENCY: agency_id, Scope.OFFICER: self.scope.officer_id, Scope.BODY: self.scope.body_id}
        if any(named.get(scope, scope) is None for scope in self.scope.said):
            return RefusalCode.NOT_FOUND
        grant = NewGrant(
            id=context.draw_id(),
            account=self.account,
            role=self.role,
            agency_id=agency_id,
            state_code=self.scope.state_code,
            officer_id=self.scope.officer_id,
            body_id=self.scope.body_id,
            valid_from=self.valid_from or context.now,
            valid_to=self.valid_to,
            granted_by=context.account,
            granted_at=context.now,
        )
        return await give(session, grant)

    def _refuse(self, context: CommandContext) -> RefusalCode | None:
        """Why a command of that form is not carried out, whatever there is."""
        if not is_name(self.account):
            return RefusalCode.INVALID
        if self.role not in DELEGABLE.get(context.role, ()):
            return RefusalCode.NOT_ALLOWED
        if self.account == context.account:
            return RefusalCode.NOT_TO_ONESELF
        if self.scope.said != _list_needed(context, Role(self.role)):
            return RefusalCode.WRONG_SCOPE
        if self.scope.state_code is not None and self.scope.state_code not in STATE_RELATIONS.values():
            return RefusalCode.INVALID
        return check_times(self.valid_from, self.valid_to, context.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRole:
    """End the grant with `grant_id` now, if it is of a role that the caller may give, where he may give it."""

    grant_id: UUID | None
    expected_version: int
    idempotency_key: str

    field: ClassVar[str] = "Mutation.revokeRole"
    action: ClassVar[Action] = Action.REVOKE
    name: ClassVar[str] = "revokeRole"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """End the grant."""
        return await end(session, self.grant_id, self.expected_version, context)


def check_times(valid_from: datetime | None, valid_to: datetime | None, now: datetime) -> RefusalCode | None:
    """Refuse a time without its zone, and an end that is not after the beginning and after now."""
    if any(time is not None and time.tzinfo is None for time in (valid_from, valid_to)):
        return RefusalCode.INVALID
    if valid_to is not None and valid_to <= max(now, valid_from or now):
        return RefusalCode.INVALID
    return None


async def give(session: WriteSession, grant: NewGrant) -> UUID | RefusalCode:
    """Write a grant: its id, or why it cannot be."""
    written = await insert_grant(session.connection, grant)
    return REFUSALS.get(written, grant.id)


async def end(
    session: WriteSession, grant_id: UUID | None, expected_version: int, context: CommandContext
) -> UUID | RefusalCode:
    """End a grant now: its id, or why it was not ended."""
    found = await find_grant(session.connection, grant_id, context.now) if grant_id else None
    if found is None or not _is_within_reach(found, context):
        return RefusalCode.NOT_FOUND
    refusal = _refuse_end(found, expected_version, context)
    if refusal is not None:
        return refusal
    await end_grant(session.connection, found.id, by=context.account, now=context.now)
    return found.id


def _is_within_reach(found: StoredGrant, context: CommandContext) -> bool:
    """Whether the grant lies where the caller ends any: a head's agency, an officer's own person, all for a registrar.

    Row security says the same; neither wall leans on the other.
    """
    if context.role is Role.REGISTRAR:
        return True
    if context.role is Role.OFFICER:
        return found.officer_id is not None and found.officer_id == context.officer_id
    return found.agency_id is not None and found.agency_id == context.agency_id


def _refuse_end(found: StoredGrant, expected_version: int, context: CommandContext) -> RefusalCode | None:
    if found.account == context.account:
        return RefusalCode.NOT_TO_ONESELF
    if found.role not in DELEGABLE.get(context.role, ()):
        return RefusalCode.NOT_ALLOWED
    if found.version != expected_version or found.is_ended:
        return RefusalCode.STALE
    return None


def _list_needed(context: CommandContext, role: Role) -> tuple[Scope, ...]:
    """What is to be said of the place: nothing by a head, whose own agency it is."""
    needed = None if context.role is Role.AGENCY_HEAD else SCOPE_OF_ROLE.get(role)
    return () if needed is None else (needed,)
