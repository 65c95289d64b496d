"""Break-glass: one auditor asks to read one outcome, another lets him, for hours, and everyone concerned is told.

INVARIANT: a request is taken whatever it names, and the database alone judges at approval what may be opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final
from uuid import UUID

from app.domain.vocabulary import Action
from app.registry.commands import CommandContext, is_name
from app.registry.refusal import RefusalCode
from app.storage.break_glass import (
    NewAccess,
    StoredAccess,
    approve_access,
    end_access,
    find_access,
    insert_access,
)
from app.storage.pools import WriteSession

LONGEST_HOURS: Final = 24
LONGEST_CASE_NUMBER: Final = 100
LONGEST_REASON: Final = 1000
# A request that waits longer was not urgent, and what it names may have changed its standing since.
LONGEST_WAIT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBreakGlass:
    """Ask to read the outcome with `outcome_id`, for `hours` from approval on; `outcome_id` is none for no uuid."""

    outcome_id: UUID | None
    case_number: str
    reason: str
    hours: int
    idempotency_key: str

    field: ClassVar[str] = "Mutation.requestBreakGlass"
    action: ClassVar[Action] = Action.REQUEST
    name: ClassVar[str] = "requestBreakGlass"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """Write the request down; whether there is such an outcome is not asked."""
        if self.outcome_id is None or not self._is_formed():
            return RefusalCode.INVALID
        access = NewAccess(
            id=context.draw_id(),
            series_id=self.outcome_id,
            account=context.account,
            case_number=self.case_number,
            reason=self.reason,
            hours=self.hours,
            requested_at=context.now,
        )
        await insert_access(session, access)
        return access.id

    def _is_formed(self) -> bool:
        return (
            is_name(self.case_number)
            and len(self.case_number) <= LONGEST_CASE_NUMBER
            and 1 <= len(self.reason.strip()) == len(self.reason) <= LONGEST_REASON
            and 1 <= self.hours <= LONGEST_HOURS
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveBreakGlass:
    """Let the one who asked read, from now on, for the hours he asked for."""

    access_id: UUID | None
    expected_version: int
    idempotency_key: str

    field: ClassVar[str] = "Mutation.approveBreakGlass"
    action: ClassVar[Action] = Action.APPROVE
    name: ClassVar[str] = "approveBreakGlass"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """Approve; where the database finds nothing to open, or one's own record, the answer is one and the same."""
        found = await find_access(session, self.access_id, context.now) if self.access_id else None
        if found is None:
            return RefusalCode.NOT_FOUND
        if found.account == context.account:
            return RefusalCode.TWO_PERSONS
        if found.version != self.expected_version or found.is_approved or found.is_over:
            return RefusalCode.STALE
        if context.now > found.requested_at + LONGEST_WAIT:
            return RefusalCode.LAPSED
        opened = await approve_access(session, found, by=context.account, now=context.now)
        return found.id if opened else RefusalCode.NOTHING_TO_OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class EndBreakGlass:
    """Take back a request, or end what was opened, now."""

    access_id: UUID | None
    expected_version: int
    idempotency_key: str

    field: ClassVar[str] = "Mutation.endBreakGlass"
    action: ClassVar[Action] = Action.REVOKE
    name: ClassVar[str] = "endBreakGlass"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """End it; only the two whose access it is may."""
        found = await find_access(session, self.access_id, context.now) if self.access_id else None
        if found is None:
            return RefusalCode.NOT_FOUND
        if not _is_of(found, context.account):
            return RefusalCode.NOT_ALLOWED
        if found.version != self.expected_version or found.is_over:
            return RefusalCode.STALE
        await end_access(session, found.id, by=context.account, now=context.now)
        return found.id


def _is_of(access: StoredAccess, account: str) -> bool:
    return account in (access.account, access.approved_by)
