"""Fixtures of the twin registries: the world they begin as, and where their databases are made."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.domain.clock import read_system_clock
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from tests.noninterference.registries import Yard, open_yard
from tests.noninterference.stage import Stage, set_stage


@pytest_asyncio.fixture(scope="session")
async def yard(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[Yard]:
    """Where twin registries are made."""
    async with open_yard(cluster, settings, template) as found:
        yield found


@pytest.fixture(scope="session")
def stage(yard: Yard) -> Stage:
    """The base world and everyone who asks."""
    return set_stage(yard.pipeline.policy, read_system_clock(), "quick")
