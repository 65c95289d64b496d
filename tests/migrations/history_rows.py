"""Rows for the tables of history that no world holds, what the migration says of each table, and how one is refused.

The migration is read, not repeated: a table that is added to its lists is tested from then on.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final
from uuid import UUID

import asyncpg
import pytest
from alembic.script import ScriptDirectory

from app.settings import Settings
from app.storage.migrate import make_alembic_config
from tests.worlds.lines import AGENCY

DIGEST: Final = b"\x07" * 32
_STATEMENTS: Final = (
    "INSERT INTO audit.checkpoints (id, at, chain_heads_sha256, chains, key_id, signature) "
    "VALUES (gen_random_uuid(), now(), $1, 1, 'key', $1)",
    "INSERT INTO registry.command_keys (account, idempotency_key, command, input_sha256, target_id, result) "
    "VALUES ('someone', 'key', 'grantRole', encode($1::bytea, 'hex'), gen_random_uuid()::text, 'DONE')",
)


def read_history_migration(settings: Settings) -> ModuleType:
    """The migration that makes history append-only, with its lists of tables."""
    script = ScriptDirectory.from_config(make_alembic_config(settings.root)).get_revision("2026_11_23_2_history")
    if script is None:
        raise LookupError("the history migration is gone")
    return script.module


async def add_missing_rows(owner: asyncpg.Connection) -> None:
    """Write one row into each table of history that a world leaves empty."""
    for statement in _STATEMENTS:
        await owner.execute(statement, DIGEST)
    await owner.execute(
        "INSERT INTO registry.attestations (id, agency_id, period, statement, history_digest, answer, attested_by) "
        "VALUES (gen_random_uuid(), $1, daterange('2025-01-01', '2026-01-01'), 'nothing to report', 'x', true, 'head')",
        UUID(AGENCY),
    )


async def refuse(owner: asyncpg.Connection, error: type[Exception], statement: str, *values: Any) -> None:
    """The statement is refused with that error, and the transaction goes on as if it had not been tried."""
    with pytest.raises(error):
        async with owner.transaction():
            await owner.execute(statement, *values)
