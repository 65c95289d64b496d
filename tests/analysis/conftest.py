"""Fixtures of analysis: a drawn registry, the whole path over it, and one analyst who asks.

* `analysis` is the path and the rows it stands on; `analysis.ask(text, **variables)` asks as the analyst.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest_asyncio

from app.domain.clock import draw_random_id, read_system_clock
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer, TokenOrder
from app.identity.presented import PresentedToken
from app.identity.principal import Principal
from app.main import open_pipeline
from app.pipeline import GraphQLRequest, Pipeline
from app.settings import Settings
from app.storage.cluster import Addresses, name_embedded_addresses
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import OWNER_ROLE
from app.storage.secrets import Secrets
from tests.access.stage import registry, told
from tests.analysis.drawn_facts import ANALYST, Facts, draw_facts, store_facts

__all__ = ["registry", "told"]
DATABASE = "probity_analysis"
ORDER = TokenOrder(account=ANALYST, role=Role.DOJ_ANALYST, purpose=Purpose.STATISTICS)


class Analysis:
    """The path over a drawn registry; no dataclass, as Hypothesis would print every row of it."""

    def __init__(self, facts: Facts, pipeline: Pipeline, issuer: DemoIssuer, addresses: Addresses) -> None:
        self.facts, self.pipeline, self.issuer, self.addresses = facts, pipeline, issuer, addresses

    async def find_principal(self) -> Principal:
        """Who asks."""
        claims = self.pipeline.verifier.verify(self.issuer.issue_token(ORDER))
        return await self.pipeline._look_up(claims, self.pipeline.clock())

    async def ask(self, text: str, **variables: Any) -> Any:
        """The data of the answer to the analyst; refusals are raised as they are."""
        presented = PresentedToken(compact=self.issuer.issue_token(ORDER))
        return json.loads((await self.pipeline.answer(self.write_request(text, **variables), presented)).body)["data"]

    def write_request(self, text: str, **variables: Any) -> GraphQLRequest:
        """A request as the edge hands it on."""
        return GraphQLRequest(document=text, operation_name=None, variables=variables, may_command=True)


@pytest_asyncio.fixture(scope="package")
async def analysis(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[Analysis]:
    """A drawn registry that no test changes."""
    admin = await asyncpg.connect(
        cluster.url(user="postgres", password=cluster.superuser_password, database="postgres")
    )
    await admin.execute(f'CREATE DATABASE "{DATABASE}" TEMPLATE "{template}" OWNER {OWNER_ROLE}')
    addresses = name_embedded_addresses(cluster, Secrets(settings.home), database=DATABASE)
    facts = draw_facts(seed=7)
    owner = await asyncpg.connect(addresses.require_owner())
    await store_facts(owner, facts)
    await owner.close()
    async with AsyncExitStack() as stack:
        pipeline = await stack.enter_async_context(open_pipeline(settings, addresses))
        issuer = DemoIssuer(
            secret=Secrets(settings.home).get_or_create(DEMO_KEY_NAME),
            mode=settings.mode,
            clock=read_system_clock,
            draw_id=draw_random_id,
        )
        yield Analysis(facts=facts, pipeline=pipeline, issuer=issuer, addresses=addresses)
    await admin.execute(f'DROP DATABASE "{DATABASE}" WITH (FORCE)')
    await admin.close()
