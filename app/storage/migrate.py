"""Brings a database to the current schema: migrations, login roles, grants, row security and the context's key.

It runs as the owner, alone (an advisory lock) and never waits long for a lock (timeouts).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from app.errors import SetupRefused
from app.settings import Settings
from app.storage.cluster import Addresses
from app.storage.context import compute_pads
from app.storage.grants_matrix import read_matrix
from app.storage.logins import Login
from app.storage.secrets import Secrets
from app.storage.wall import SecondWall, replace_wall

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

_LOCK: Final = 0x50524F42  # the letters PROB


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseStatus:
    """Where a database stands: the revision it has and the one this code needs."""

    revision: str | None
    head: str
    policy_sha256: str | None

    @property
    def is_current(self) -> bool:
        """Whether nothing is left to upgrade."""
        return self.revision == self.head


def read_context_key(settings: Settings) -> bytes:
    """The key that signs contexts; made on first use and kept among the home's secrets."""
    return Secrets(settings.home).get_or_create("context-key").encode()


async def upgrade_database(addresses: Addresses, settings: Settings, wall: SecondWall) -> None:
    """Bring the database to the head revision and put roles, grants, row security and keys in place; safe to repeat."""
    await run_alembic(addresses, settings.root, "head")
    connection = await asyncpg.connect(addresses.require_owner())

    async def put_logins_and_key() -> None:
        await _record_mode(connection, settings)
        for login in Login:
            await _put_login(connection, login, addresses.by_login[login])
        await _put_context_key(connection, read_context_key(settings))
        await _keep_temporary_tables(connection)

    try:
        await replace_wall(connection, wall, read_matrix(settings.root), put_logins_and_key)
    finally:
        await connection.close()


async def apply_policy(addresses: Addresses, settings: Settings, wall: SecondWall) -> None:
    """Put another policy in place and nothing else; raises `SetupRefused` unless the schema is that of this code."""
    status = await read_status(addresses, settings)
    if not status.is_current:
        raise SetupRefused("the database is not at the revision of this code; run probity db upgrade")
    connection = await asyncpg.connect(addresses.require_owner())
    try:
        await replace_wall(connection, wall, read_matrix(settings.root))
    finally:
        await connection.close()


async def run_alembic(addresses: Addresses, root: Path, target: str) -> None:
    """Run the migrations up or down to `target` (a revision, `head` or `base`)."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(addresses.require_owner())
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_migrate, root, target)
            await connection.commit()
    finally:
        await engine.dispose()


def _migrate(connection: Connection, root: Path, target: str) -> None:
    connection.exec_driver_sql("SET lock_timeout = '10s'")
    connection.exec_driver_sql("SET statement_timeout = '10min'")
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_LOCK})")
    connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS gate")
    connection.commit()
    try:
        config = make_alembic_config(root)
        config.attributes["connection"] = connection
        going_down = target == "base" or target.startswith("-")
        (command.downgrade if going_down else command.upgrade)(config, target)
        connection.commit()
    finally:
        connection.rollback()
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
        connection.commit()


def make_alembic_config(root: Path) -> Config:
    """Alembic's configuration without a file: the migrations of this checkout."""
    config = Config()
    config.set_main_option("script_location", str(root / "migrations").replace("%", "%%"))
    return config


async def read_status(addresses: Addresses, settings: Settings) -> DatabaseStatus:
    """Read the revision and the policy digest of the database, as the owner."""
    head = ScriptDirectory.from_config(make_alembic_config(settings.root)).get_current_head()
    if head is None:
        raise SetupRefused("this installation has no migrations; install it again with its migrations directory")
    connection = await asyncpg.connect(addresses.require_owner())
    try:
        if await connection.fetchval("SELECT to_regclass('gate.alembic_version')") is None:
            return DatabaseStatus(revision=None, head=head, policy_sha256=None)
        revision = await connection.fetchval("SELECT version_num FROM gate.alembic_version")
        digest = None
        if await connection.fetchval("SELECT to_regclass('gate.installation')") is not None:
            digest = await connection.fetchval("SELECT encode(policy_sha256, 'hex') FROM gate.installation")
        return DatabaseStatus(revision=revision, head=head, policy_sha256=digest)
    finally:
        await connection.close()


async def require_demo(connection: asyncpg.Connection[asyncpg.Record], settings: Settings) -> None:
    """Refuse unless this is demo mode on a database that production never touched; raises `SetupRefused`."""
    if not settings.is_demo:
        raise SetupRefused("this is possible in demo mode only; set PROBITY_MODE=demo on a database of its own")
    if await connection.fetchval("SELECT touched_by_production FROM gate.installation"):
        raise SetupRefused("this database has been used in production; demo mode needs a database of its own")


async def _record_mode(connection: asyncpg.Connection[asyncpg.Record], settings: Settings) -> None:
    if settings.is_demo:
        await require_demo(connection, settings)
    else:
        await connection.execute("UPDATE gate.installation SET touched_by_production = true")


async def _put_login(connection: asyncpg.Connection[asyncpg.Record], login: Login, address: str) -> None:
    parts = urlsplit(address)
    if unquote(parts.username or "") != login.role_name or not parts.password:
        raise SetupRefused(f"{login.variable} must name the role {login.role_name} and its password")
    exists = await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", login.role_name)
    verb = "ALTER" if exists else "CREATE"
    statement = await connection.fetchval(
        f"SELECT format('{verb} ROLE %I LOGIN NOINHERIT PASSWORD %L', $1::text, $2::text)",
        login.role_name,
        unquote(parts.password),
    )
    await connection.execute(statement)


async def _keep_temporary_tables(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Let whoever stages files make temporary tables, and no reader: nothing a reader makes may outlive its answer."""
    for form in ("REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC", "GRANT TEMPORARY ON DATABASE %I TO %I"):
        statement = await connection.fetchval(
            "SELECT format($1, current_database(), $2::text)", form, Login.IMPORTER.role_name
        )
        await connection.execute(statement)


async def _put_context_key(connection: asyncpg.Connection[asyncpg.Record], key: bytes) -> None:
    inner, outer = compute_pads(key)
    await connection.execute(
        "INSERT INTO gate.context_pads (inner_pad, outer_pad) VALUES ($1, $2) "
        "ON CONFLICT (only_row) DO UPDATE SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad",
        inner,
        outer,
    )


__all__ = [
    "DatabaseStatus",
    "apply_policy",
    "make_alembic_config",
    "read_context_key",
    "read_status",
    "require_demo",
    "run_alembic",
    "upgrade_database",
]
