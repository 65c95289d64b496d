"""The running registry and the drawn one, for the tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from tests.access.stage import own_truth, registry, shared, told, truth, world
from tests.properties.drawn_registry import DrawnRegistry, open_drawn

__all__ = ["drawn", "own_truth", "registry", "shared", "told", "truth", "world"]

SEED = 13929


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def drawn(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[DrawnRegistry]:
    """A registry of drawn rows, which every test of it leaves as it is."""
    async with open_drawn(cluster, settings, template, seed=SEED) as found:
        yield found
