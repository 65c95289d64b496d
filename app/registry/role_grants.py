"""Granting and ending roles within an agency: by its head, for others, at once.

INVARIANT: nobody grants or ends a role of his own, and no one grants a role outside his own agency.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from app.domain.clock import IdSource
from app.domain.vocabulary import Action, Role
from app.registry.refusal import CommandRefusal, RefusalCode
from app.storage.command_keys import UsedKey, find_key, keep_key
from app.storage.pools import WriteSession
from app.storage.role_grants import NewGrant, end_grant, find_grant, insert_grant

# What a head may give; the head's own role comes from a registrar.
DELEGABLE: Final = frozenset({Role.HIRING_INVESTIGATOR.value, Role.RECORDS_OFFICER.value})
LONGEST_KEY: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantRole:
    """Give `account` a role in the caller's agency, from `valid_from` (now, if not given) to `valid_to` (open)."""

    account: str
    role: str
    valid_from: datetime | None
    valid_to: datetime | None
    idempotency_key: str

    field: ClassVar[str] = "Mutation.grantRole"
    action: ClassVar[Action] = Action.GRANT
    name: ClassVar[str] = "grantRole"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeRole:
    """End the grant with `grant_id` in the caller's agency, now."""

    grant_id: UUID | None
    expected_version: int
    idempotency_key: str

    field: ClassVar[str] = "Mutation.revokeRole"
    action: ClassVar[Action] = Action.REVOKE
    name: ClassVar[str] = "revokeRole"


Command = GrantRole | RevokeRole


def check_command(command: Command, account: str, now: datetime) -> CommandRefusal | None:
    """What is wrong with a command before anything is looked up; nothing where it may go on."""
    if not 1 <= len(command.idempotency_key) <= LONGEST_KEY:
        return CommandRefusal(code=RefusalCode.INVALID)
    if isinstance(command, RevokeRole):
        return None
    if not 1 <= len(command.account) <= LONGEST_KEY or command.account != command.account.strip():
        return CommandRefusal(code=RefusalCode.INVALID)
    if command.role not in DELEGABLE:
        return CommandRefusal(code=RefusalCode.NOT_ALLOWED)
    if command.account == account:
        return CommandRefusal(code=RefusalCode.NOT_TO_ONESELF)
    times = (command.valid_from, command.valid_to)
    if any(time is not None and time.tzinfo is None for time in times):
        return CommandRefusal(code=RefusalCode.INVALID)
    if command.valid_to is not None and command.valid_to <= max(now, command.valid_from or now):
        return CommandRefusal(code=RefusalCode.INVALID)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Who commands, when, and where new ids come from."""

    account: str
    agency_id: UUID | None
    now: datetime
    draw_id: IdSource


async def carry_out(command: Command, context: CommandContext, session: WriteSession) -> UUID | CommandRefusal:
    """Carry out a command in its transaction: the id of the grant, or why nothing was done.

    A repetition under the same idempotency key is answered with what the first one did.
    """
    refusal = check_command(command, context.account, context.now)
    if refusal is not None:
        return refusal
    digest = digest_input(command)
    used = await find_key(session, context.account, command.idempotency_key)
    if used is not None:
        same = used.command == command.name and used.input_sha256 == digest
        return UUID(used.target_id) if same else CommandRefusal(code=RefusalCode.KEY_REUSED)
    if isinstance(command, GrantRole):
        done = await _grant(command, context, session)
    else:
        done = await _revoke(command, context, session)
    if isinstance(done, UUID):
        kept = UsedKey(command=command.name, input_sha256=digest, target_id=str(done))
        await keep_key(session, context.account, command.idempotency_key, kept)
    return done


def digest_input(command: Command) -> str:
    """A digest of what a command asks, without its key: the same question has the same digest."""
    parts = {name: str(value) for name, value in asdict(command).items() if name != "idempotency_key"}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


async def _grant(command: GrantRole, context: CommandContext, session: WriteSession) -> UUID | CommandRefusal:
    if context.agency_id is None:
        return CommandRefusal(code=RefusalCode.NOT_ALLOWED)
    grant = NewGrant(
        id=context.draw_id(),
        account=command.account,
        role=command.role,
        agency_id=context.agency_id,
        valid_from=command.valid_from or context.now,
        valid_to=command.valid_to,
        granted_by=context.account,
        granted_at=context.now,
    )
    written = await insert_grant(session, grant)
    return grant.id if written else CommandRefusal(code=RefusalCode.ALREADY_HELD)


async def _revoke(command: RevokeRole, context: CommandContext, session: WriteSession) -> UUID | CommandRefusal:
    found = await find_grant(session, command.grant_id, context.now) if command.grant_id else None
    if found is None:
        return CommandRefusal(code=RefusalCode.NOT_FOUND)
    if found.account == context.account:
        return CommandRefusal(code=RefusalCode.NOT_TO_ONESELF)
    if found.version != command.expected_version or found.is_ended:
        return CommandRefusal(code=RefusalCode.STALE)
    await end_grant(session, found.id, by=context.account, now=context.now)
    return found.id
