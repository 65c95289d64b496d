"""Fixtures of the audit room: a running ledger, and connections that can break what others cannot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from app.domain.clock import draw_random_id
from app.storage.cluster import Addresses
from app.storage.embedded import EmbeddedCluster
from app.storage.ledger.group_commit import Ledger, LedgerLimits, open_ledger
from app.storage.logins import Login


@pytest_asyncio.fixture
async def ledger(addresses: Addresses) -> AsyncIterator[Ledger]:
    """A ledger as a process runs it."""
    async with open_ledger(addresses.by_login[Login.LEDGER], ids=draw_random_id, limits=LedgerLimits()) as running:
        yield running


@pytest_asyncio.fixture
async def superuser(cluster: EmbeddedCluster, addresses: Addresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may end others and switch triggers off: what a thief of the server could do."""
    database = addresses.require_owner().rpartition("/")[2].partition("?")[0]
    connection = await asyncpg.connect(
        cluster.url(user=cluster.superuser, password=cluster.superuser_password, database=database)
    )
    try:
        yield connection
    finally:
        await connection.close()
