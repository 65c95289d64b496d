"""Fixtures of the journeys: the demonstration's world, the whole path over it, and the people who ask.

* `registry` is a running path over a fresh copy of the story; `registry.ask(person, text, **variables)` asks it.
* The people are those of the story: `PEOPLE["investigator"]` and so on.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest_asyncio

from app.demo.cast import HARBORLIGHT, TALLOWMERE, WALKER, Account
from app.demo.story import write_story
from app.domain.clock import draw_random_id, read_system_clock
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer, TokenOrder
from app.identity.presented import PresentedToken
from app.main import open_pipeline
from app.pipeline import GraphQLRequest, Pipeline
from app.registry.world.exchange import load_world
from app.settings import Settings
from app.storage.cluster import Addresses, name_embedded_addresses
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import OWNER_ROLE
from app.storage.secrets import Secrets

STORY_TEMPLATE = "probity_story"

PEOPLE: dict[str, TokenOrder | None] = {
    "public": None,
    "investigator": TokenOrder(
        account=Account.INVESTIGATOR.value,
        role=Role.HIRING_INVESTIGATOR,
        purpose=Purpose.HIRING,
        agency_ori=TALLOWMERE.ori,
    ),
    "records": TokenOrder(
        account=Account.RECORDS.value, role=Role.RECORDS_OFFICER, purpose=Purpose.RECORDS, agency_ori=HARBORLIGHT.ori
    ),
    "head": TokenOrder(
        account=Account.HEAD.value, role=Role.AGENCY_HEAD, purpose=Purpose.RECORDS, agency_ori=HARBORLIGHT.ori
    ),
    "post": TokenOrder(
        account=Account.POST.value, role=Role.POST_OFFICER, purpose=Purpose.CERTIFICATION, state_code="WA"
    ),
    "post_oregon": TokenOrder(
        account=Account.POST_OREGON.value, role=Role.POST_OFFICER, purpose=Purpose.CERTIFICATION, state_code="OR"
    ),
    "officer": TokenOrder(
        account=Account.OFFICER.value, role=Role.OFFICER, purpose=Purpose.SELF, officer_id=UUID(WALKER.id)
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRegistry:
    """The whole path over one database, and the issuer that its tokens come from."""

    pipeline: Pipeline
    issuer: DemoIssuer
    addresses: Addresses

    def issue(self, person: str | TokenOrder) -> str | None:
        """A fresh token of one of the people, or of any order."""
        order = PEOPLE[person] if isinstance(person, str) else person
        return None if order is None else self.issuer.issue_token(order)

    async def ask(self, person: str | TokenOrder, text: str, **variables: Any) -> Any:
        """The `data` of the answer; refusals are raised as they are."""
        token = self.issue(person)
        presented = None if token is None else PresentedToken(compact=token)
        request = GraphQLRequest(document=text, operation_name=None, variables=variables, may_command=True)
        return json.loads((await self.pipeline.answer(request, presented)).body)["data"]


@pytest_asyncio.fixture(scope="session")
async def story_template(cluster: EmbeddedCluster, settings: Settings, template: str) -> str:
    """A database with the story in it, that others are copied from."""
    admin = await asyncpg.connect(
        cluster.url(user="postgres", password=cluster.superuser_password, database="postgres")
    )
    await admin.execute(f'CREATE DATABASE "{STORY_TEMPLATE}" TEMPLATE "{template}" OWNER {OWNER_ROLE}')
    await admin.close()
    addresses = name_embedded_addresses(cluster, Secrets(settings.home), database=STORY_TEMPLATE)
    owner = await asyncpg.connect(addresses.require_owner())
    try:
        lines = write_story(read_system_clock())
        await load_world(owner, settings, lines, clock=read_system_clock, ids=draw_random_id)
    finally:
        await owner.close()
    return STORY_TEMPLATE


@pytest_asyncio.fixture
async def registry(cluster: EmbeddedCluster, settings: Settings, story_template: str) -> AsyncIterator[RunningRegistry]:
    """A running path over a fresh copy of the story."""
    name = f"story_{uuid4().hex}"
    admin = await asyncpg.connect(
        cluster.url(user="postgres", password=cluster.superuser_password, database="postgres")
    )
    addresses = name_embedded_addresses(cluster, Secrets(settings.home), database=name)
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{story_template}" OWNER {OWNER_ROLE}')
        async with AsyncExitStack() as stack:
            pipeline = await stack.enter_async_context(open_pipeline(settings, addresses))
            issuer = DemoIssuer(
                secret=Secrets(settings.home).get_or_create(DEMO_KEY_NAME),
                mode=settings.mode,
                clock=read_system_clock,
                draw_id=draw_random_id,
            )
            yield RunningRegistry(pipeline=pipeline, issuer=issuer, addresses=addresses)
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()
