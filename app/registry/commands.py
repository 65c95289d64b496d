"""Commands as such: what each of them is, who gives it, and how its repetition is answered instead of repeated.

INVARIANT: a command, the use of its key and its audit record are kept together or not at all.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, ClassVar, Final, Protocol
from uuid import UUID

from app.domain.clock import IdSource
from app.domain.vocabulary import Action, Role
from app.registry.refusal import CommandRefusal, RefusalCode
from app.storage.command_keys import UsedKey, find_key, keep_key
from app.storage.pools import WriteSession

LONGEST_KEY: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Who commands, in which role and place, when, and where new ids come from."""

    account: str
    role: Role
    agency_id: UUID | None
    officer_id: UUID | None
    now: datetime
    draw_id: IdSource


class Command(Protocol):
    """One thing to be done: a frozen dataclass of what was sent, of a family that knows how to do it.

    `field` is its place in the contract, `action` what policy calls it, `name` what audit records call it.
    """

    __dataclass_fields__: ClassVar[dict[str, Any]]
    field: ClassVar[str]
    action: ClassVar[Action]
    name: ClassVar[str]

    @property
    def idempotency_key(self) -> str:
        """Chosen by the caller; one command is carried out under it, once."""

    async def perform(self, context: CommandContext, session: WriteSession) -> UUID | RefusalCode:
        """Do it inside the session's transaction: the id of what it is about, or why nothing was done."""


async def carry_out(command: Command, context: CommandContext, session: WriteSession) -> UUID | CommandRefusal:
    """Carry out a command in its transaction: the id of what it did, or why nothing was done.

    A repetition under the same idempotency key is answered with what the first one did.
    """
    if not 1 <= len(command.idempotency_key) <= LONGEST_KEY:
        return CommandRefusal(code=RefusalCode.INVALID)
    digest = digest_input(command)
    used = await find_key(session, context.account, command.idempotency_key)
    if used is not None:
        same = used.command == command.name and used.input_sha256 == digest
        return UUID(used.target_id) if same else CommandRefusal(code=RefusalCode.KEY_REUSED)
    done = await command.perform(context, session)
    if isinstance(done, RefusalCode):
        return CommandRefusal(code=done)
    kept = UsedKey(command=command.name, input_sha256=digest, target_id=str(done))
    await keep_key(session, context.account, command.idempotency_key, kept)
    return done


def digest_input(command: Command) -> str:
    """A digest of what a command asks, without its key: the same question has the same digest."""
    parts = {each.name: str(getattr(command, each.name)) for each in fields(command)}
    del parts["idempotency_key"]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_name(text: str) -> bool:
    """Whether a text can name an account or a case: 1 to 200 printable characters, no blank at either end."""
    return 1 <= len(text) <= LONGEST_KEY and text.isprintable() and text == text.strip()
