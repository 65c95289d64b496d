"""Fixtures of the migrations: pick the narrowest that does.

* `blank` is an empty database that no migration has touched; `blank_too` a second one.
* `history` is the owner's connection to a database with a row of every kind; all it does is undone after each test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest_asyncio

from app.settings import Settings
from app.storage.cluster import Addresses, name_embedded_addresses, prepare_embedded_database
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import OWNER_ROLE
from app.storage.secrets import Secrets
from tests.migrations.history_rows import add_missing_rows
from tests.worlds.lines import encode, full_lines, load


@asynccontextmanager
async def _fresh_database(
    cluster: EmbeddedCluster, settings: Settings, template: str | None
) -> AsyncIterator[Addresses]:
    name = f"test_{uuid4().hex}"
    secrets = Secrets(settings.home)
    admin = await asyncpg.connect(
        cluster.url(user="postgres", password=cluster.superuser_password, database="postgres")
    )
    try:
        if template is None:
            await prepare_embedded_database(cluster, secrets, database=name)
        else:
            await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER_ROLE}')
        yield name_embedded_addresses(cluster, secrets, database=name)
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


@pytest_asyncio.fixture
async def blank(cluster: EmbeddedCluster, settings: Settings) -> AsyncIterator[Addresses]:
    """An empty database of the owner's."""
    async with _fresh_database(cluster, settings, None) as addresses:
        yield addresses


@pytest_asyncio.fixture
async def blank_too(cluster: EmbeddedCluster, settings: Settings) -> AsyncIterator[Addresses]:
    """A second empty database, to compare with the first."""
    async with _fresh_database(cluster, settings, None) as addresses:
        yield addresses


@pytest_asyncio.fixture(scope="module")
async def kept_history(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[Addresses]:
    """A migrated database with at least one row in every table that keeps history."""
    async with _fresh_database(cluster, settings, template) as addresses:
        owner = await asyncpg.connect(addresses.require_owner())
        await load(owner, settings, encode(full_lines()))
        await add_missing_rows(owner)
        await owner.close()
        yield addresses


@pytest_asyncio.fixture
async def history(kept_history: Addresses) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection, in a transaction that is rolled back."""
    connection = await asyncpg.connect(kept_history.require_owner())
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield connection
    finally:
        await transaction.rollback()
        await connection.close()
