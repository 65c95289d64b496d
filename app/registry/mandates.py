"""Mandates: an officer names the account that may read his record for him, until a date, and takes it back at once.

INVARIANT: only the officer himself gives a mandate; a representative gives none on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from app.domain.delegation import DELEGABLE, find_last_mandate_day
from app.domain.vocabulary import Action, Role
from app.registry.commands import CommandContext, is_name
from app.registry.refusal import RefusalCode
from app.registry.role_grants import check_times, end, give
from app.storage.pools import WriteSession
from app.storage.role_grants import NewGrant


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveMandate:
    """Let `account` stand for the officer who asks, from now or `valid_from` until `valid_to`."""

    account: str
    valid_from: datetime | None
    valid_to: datetime
    idempotency_key: str

    field: ClassVar[str] = "Mutation.giveMandate"
    action: ClassVar[Action] = Action.GRANT
    name: ClassVar[str] = "giveMandate"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """Write the mandate, which is a grant of the role of representative."""
        refusal = self._refuse(context)
        if refusal is not None:
            return refusal
        grant = NewGrant(
            id=context.draw_id(),
            account=self.account,
            role=Role.OFFICER_REP,
            officer_id=context.officer_id,
            valid_from=self.valid_from or context.now,
            valid_to=self.valid_to,
            granted_by=context.account,
            granted_at=context.now,
        )
        return await give(session, grant)

    def _refuse(self, context: CommandContext) -> RefusalCode | None:
        if not is_name(self.account):
            return RefusalCode.INVALID
        if context.officer_id is None or Role.OFFICER_REP not in DELEGABLE.get(context.role, ()):
            return RefusalCode.NOT_ALLOWED
        if self.account == context.account:
            return RefusalCode.NOT_TO_ONESELF
        refusal = check_times(self.valid_from, self.valid_to, context.now)
        if refusal is None and self.valid_to > find_last_mandate_day(context.now):
            return RefusalCode.TOO_LONG
        return refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class EndMandate:
    """End the mandate with `mandate_id`, now."""

    mandate_id: UUID | None
    expected_version: int
    idempotency_key: str

    field: ClassVar[str] = "Mutation.endMandate"
    action: ClassVar[Action] = Action.REVOKE
    name: ClassVar[str] = "endMandate"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """End the mandate."""
        return await end(session, self.mandate_id, self.expected_version, context)
