"""Commands on exports: asking for one, and ending one of one's own.

INVARIANT: what is asked for here is only written down; it is carried out later, and only while the right still holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from app.domain.vocabulary import Action, ExportFormat
from app.registry.commands import CommandContext
from app.registry.refusal import RefusalCode
from app.storage.exports import cancel_export, count_open, insert_export
from app.storage.pools import WriteSession

MOST_OPEN: Final = 2
MOST_KEPT: Final = 10
LONGEST_QUESTION: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExport:
    """Ask for the rows that fit a filter, as a file; `question` is the JSON text of the filter."""

    format: ExportFormat
    question: str
    idempotency_key: str

    field: ClassVar[str] = "Mutation.requestExport"
    action: ClassVar[Action] = Action.REQUEST
    name: ClassVar[str] = "requestExport"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """Write it down, unless the caller has as many as one person may have."""
        if len(self.question) > LONGEST_QUESTION:
            return RefusalCode.INVALID
        waiting, kept = await count_open(session, context.account, context.now)
        if waiting >= MOST_OPEN or kept >= MOST_KEPT:
            return RefusalCode.TOO_MANY
        export_id = context.draw_id()
        await insert_export(
            session,
            id=export_id,
            account=context.account,
            format=self.format,
            question=self.question,
            now=context.now,
        )
        return export_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelExport:
    """End an export of one's own: it stops, and its file goes."""

    export_id: UUID | None
    idempotency_key: str

    field: ClassVar[str] = "Mutation.cancelExport"
    action: ClassVar[Action] = Action.REVOKE
    name: ClassVar[str] = "cancelExport"

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """End it; another's is as one that is not there."""
        if self.export_id is None:
            return RefusalCode.NOT_FOUND
        ended = await cancel_export(session, self.export_id, context.account, context.now)
        if ended is None:
            return RefusalCode.NOT_FOUND
        return self.export_id if ended else RefusalCode.STALE
