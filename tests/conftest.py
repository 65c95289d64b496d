"""Fixtures for every room: pick the narrowest that does.

* `settings` is the configuration of a demo installation in a folder of its own.
* `addresses` is a fresh, migrated, empty database (a copy of a template, made once a run).
* `owner` is a connection to it as the owner; `connect(Login.AGENCY)` opens one as a login.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from app.main import bring_up_to_date
from app.settings import Mode, Settings
from app.storage.cluster import Addresses, name_embedded_addresses, prepare_embedded_database
from app.storage.embedded import EmbeddedCluster, running_cluster
from app.storage.logins import OWNER_ROLE, Login
from app.storage.secrets import Secrets

Connect = Callable[[Login], Awaitable[asyncpg.Connection]]
TEMPLATE = "probity_template"


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """A demo installation in a folder of its own, reachable by the account that runs the server under root."""
    home = Path(tempfile.mkdtemp(prefix="probity-test-"))
    home.chmod(0o711)
    yield Settings(mode=Mode.DEMO, home=home, port=8000)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def cluster(settings: Settings) -> Iterator[EmbeddedCluster]:
    """The embedded server, started once a run; not durable, as its data dies with the run."""
    with running_cluster(settings.home, durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def template(cluster: EmbeddedCluster, settings: Settings) -> str:
    """The name of a migrated, empty database that others are copied from."""

    async def make() -> None:
        secrets = Secrets(settings.home)
        await prepare_embedded_database(cluster, secrets, database=TEMPLATE)
        await bring_up_to_date(name_embedded_addresses(cluster, secrets, database=TEMPLATE), settings)

    asyncio.run(make())
    return TEMPLATE


@pytest_asyncio.fixture
async def addresses(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[Addresses]:
    """A fresh copy of the template; dropped afterwards, whoever is still connected."""
    name = f"test_{uuid4().hex}"
    admin = await asyncpg.connect(
        cluster.url(user="postgres", password=cluster.superuser_password, database="postgres")
    )
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER_ROLE}')
        yield name_embedded_addresses(cluster, Secrets(settings.home), database=name)
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


@pytest_asyncio.fixture
async def owner(addresses: Addresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the owner of the schema."""
    connection = await asyncpg.connect(addresses.require_owner())
    try:
        yield connection
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def connect(addresses: Addresses) -> AsyncIterator[Connect]:
    """Open connections as any login; all are closed at the end."""
    opened: list[asyncpg.Connection] = []

    async def open_as(login: Login) -> asyncpg.Connection:
        connection = await asyncpg.connect(addresses.by_login[login])
        opened.append(connection)
        return connection

    yield open_as
    for connection in opened:
        await connection.close()
