"""Idempotency keys: what a command with a key did, so that its repetition is answered and not repeated.

The key belongs to the account that used it; it is written in the command's own transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.storage.pools import WriteSession


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedKey:
    """What an earlier command with this key was and what it did."""

    command: str
    input_sha256: str
    target_id: str


async def find_key(session: WriteSession, account: str, key: str) -> UsedKey | None:
    """The use of a key; two commands with one key wait for each other here."""
    await session.connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1 || chr(31) || $2, 0))", account, key
    )
    row = await session.connection.fetchrow(
        "SELECT command, input_sha256, target_id FROM registry.command_keys "
        "WHERE account = $1 AND idempotency_key = $2",
        account,
        key,
    )
    return UsedKey(**dict(row)) if row else None


async def keep_key(session: WriteSession, account: str, key: str, used: UsedKey) -> None:
    """Write down the use of a key."""
    await session.connection.execute(
        "INSERT INTO registry.command_keys (account, idempotency_key, command, input_sha256, target_id, result) "
        "VALUES ($1, $2, $3, $4, $5, 'DONE')",
        account,
        key,
        used.command,
        used.input_sha256,
        used.target_id,
    )
