"""Fixtures for worlds: `owner` is a connection to an empty registry, `other_owner` one to a second one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest_asyncio

from app.settings import Settings
from app.storage.cluster import name_embedded_addresses
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import OWNER_ROLE
from app.storage.secrets import Secrets


@pytest_asyncio.fixture
async def other_owner(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner of a second fresh database, for what is written by one registry and read by another."""
    name = f"test_{uuid4().hex}"
    admin = await asyncpg.connect(
        cluster.url(user="postgres", password=cluster.superuser_password, database="postgres")
    )
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER_ROLE}')
        addresses = name_embedded_addresses(cluster, Secrets(settings.home), database=name)
        connection = await asyncpg.connect(addresses.require_owner())
        yield connection
        await connection.close()
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()
