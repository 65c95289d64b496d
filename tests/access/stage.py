"""The demonstration's registry as the rooms beside the journeys use it.

* `shared` is the whole path over one copy of the story; its tests leave the registry as it is (answers are recorded).
* `registry` is the same over a copy of the test's own.
* `world` is what that story is made of, and who may see what of it.
* `truth` and `own_truth` are connections to those copies that row security does not bind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from app.demo.story import tell_story
from app.domain.clock import draw_random_id, read_system_clock
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer
from app.main import open_pipeline
from app.registry.world.exchange import load_world
from app.registry.world.writing import encode_line, write_header
from app.settings import Settings
from app.storage.cluster import Addresses, name_embedded_addresses
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import OWNER_ROLE
from app.storage.secrets import Secrets
from tests.access.every_standing import Line, tell_every_standing
from tests.journeys.conftest import RunningRegistry
from tests.properties.oracle import World

STORY = "probity_told_story"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A database with the story in it, and the moment as of which it was told."""

    database: str
    at: datetime

    def tell(self) -> list[Line]:
        """Every line that was loaded: the story, and outcomes in every standing."""
        return [*tell_story(self.at), *tell_every_standing(self.at)]


async def connect_superuser(cluster: EmbeddedCluster, database: str = "postgres") -> asyncpg.Connection:
    """A connection that row security does not bind: what the truth is read by."""
    return await asyncpg.connect(
        cluster.url(user=cluster.superuser, password=cluster.superuser_password, database=database)
    )


async def tell_once(cluster: EmbeddedCluster, settings: Settings, template: str) -> Told:
    """The database with the story, made on the first call of a run; others are copied from it."""
    admin = await connect_superuser(cluster)
    try:
        noted = await admin.fetchval(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = $1", STORY
        )
        if noted is not None:
            return Told(database=STORY, at=datetime.fromisoformat(noted))
        await admin.execute(f'CREATE DATABASE "{STORY}" TEMPLATE "{template}" OWNER {OWNER_ROLE}')
        told = Told(database=STORY, at=datetime.now(UTC))
        lines = (write_header(), *map(encode_line, told.tell()))
        addresses = name_embedded_addresses(cluster, Secrets(settings.home), database=STORY)
        owner = await asyncpg.connect(addresses.require_owner())
        try:
            await load_world(owner, settings, lines, clock=read_system_clock, ids=draw_random_id)
        finally:
            await owner.close()
        await admin.execute(f"COMMENT ON DATABASE \"{STORY}\" IS '{told.at.isoformat()}'")
        return told
    finally:
        await admin.close()


@asynccontextmanager
async def open_registry(cluster: EmbeddedCluster, settings: Settings, database: str) -> AsyncIterator[RunningRegistry]:
    """The whole path over one database."""
    addresses: Addresses = name_embedded_addresses(cluster, Secrets(settings.home), database=database)
    async with AsyncExitStack() as stack:
        pipeline = await stack.enter_async_context(open_pipeline(settings, addresses))
        issuer = DemoIssuer(
            secret=Secrets(settings.home).get_or_create(DEMO_KEY_NAME),
            mode=settings.mode,
            clock=read_system_clock,
            draw_id=draw_random_id,
        )
        yield RunningRegistry(pipeline=pipeline, issuer=issuer, addresses=addresses)


@asynccontextmanager
async def copy_registry(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[RunningRegistry]:
    """The whole path over a fresh copy of the story, dropped afterwards."""
    name = f"copy_{uuid4().hex}"
    admin = await connect_superuser(cluster)
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{told.database}" OWNER {OWNER_ROLE}')
        try:
            async with open_registry(cluster, settings, name) as running:
                yield running
        finally:
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


@pytest_asyncio.fixture(scope="session")
async def told(cluster: EmbeddedCluster, settings: Settings, template: str) -> Told:
    """The story, loaded once a run."""
    return await tell_once(cluster, settings, template)


@pytest.fixture(scope="session")
def world(told: Told) -> World:
    """The lines of that story, and what may be seen of them."""
    return World(told.tell(), told.at)


@pytest_asyncio.fixture(scope="session")
async def shared(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[RunningRegistry]:
    """The whole path over a copy that all tests of a folder read."""
    async with copy_registry(cluster, settings, told) as running:
        yield running


@pytest_asyncio.fixture
async def registry(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[RunningRegistry]:
    """The whole path over a copy of the test's own."""
    async with copy_registry(cluster, settings, told) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def truth(cluster: EmbeddedCluster, shared: RunningRegistry) -> AsyncIterator[asyncpg.Connection]:
    """What the shared copy holds, whoever may see it."""
    connection = await connect_superuser(cluster, name_database(shared))
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def own_truth(cluster: EmbeddedCluster, registry: RunningRegistry) -> AsyncIterator[asyncpg.Connection]:
    """What the test's own copy holds; it may be changed there."""
    connection = await connect_superuser(cluster, name_database(registry))
    yield connection
    await connection.close()


def name_database(running: RunningRegistry) -> str:
    """The database a path runs over."""
    return running.addresses.require_owner().rpartition("/")[2].partition("?")[0]
