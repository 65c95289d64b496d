"""Fixtures of the journeys: the demonstration's world, the whole path over it, and the people who ask.

* `registry` is a running path over a fresh copy of the story; `registry.ask(person, text, **variables)` asks it.
* `browser` puts the same questions over HTTP, bytes to bytes.
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
import httpx
import pytest_asyncio

from app.demo.cast import HARBORLIGHT, TALLOWMERE, WALKER, Account, CastOfficer, StoryOutcome
from app.demo.story import write_story
from app.domain.clock import draw_random_id, read_system_clock
from app.domain.vocabulary import Purpose, Role
from app.http.application import create_app
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer, TokenOrder
from app.identity.presented import PresentedToken
from app.main import open_pipeline
from app.pipeline import GraphQLRequest, Pipeline
from app.planning.parameters import encode_global_id
from app.registry.world.exchange import load_world
from app.settings import Settings
from app.storage.cluster import Addresses, name_embedded_addresses
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import OWNER_ROLE
from app.storage.secrets import Secrets
from tests.conftest import COPIED

STORY_TEMPLATE = "probity_story"
ORIGIN = "http://probity.invalid"

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
    "representative": TokenOrder(
        account=Account.REPRESENTATIVE.value, role=Role.OFFICER_REP, purpose=Purpose.SELF, officer_id=UUID(WALKER.id)
    ),
    "investigator_with_record": TokenOrder(
        account=Account.INVESTIGATOR_WITH_RECORD.value,
        role=Role.HIRING_INVESTIGATOR,
        purpose=Purpose.HIRING,
        agency_ori=TALLOWMERE.ori,
    ),
    "analyst": TokenOrder(account=Account.ANALYST.value, role=Role.DOJ_ANALYST, purpose=Purpose.STATISTICS),
    "grants": TokenOrder(account=Account.GRANTS.value, role=Role.DOJ_GRANTS, purpose=Purpose.GRANTS),
    "adjudicator": TokenOrder(
        account=Account.ADJUDICATOR.value, role=Role.DOJ_ADJUDICATOR, purpose=Purpose.ADJUDICATION
    ),
    "certifier": TokenOrder(account=Account.CERTIFIER.value, role=Role.DOJ_CERTIFIER, purpose=Purpose.CREDENTIALING),
    "body": TokenOrder(account=Account.BODY.value, role=Role.CREDENTIALING_BODY, purpose=Purpose.CREDENTIALING),
    "registrar": TokenOrder(account=Account.REGISTRAR.value, role=Role.REGISTRAR, purpose=Purpose.REGISTRY),
    "auditor": TokenOrder(account=Account.AUDITOR.value, role=Role.AUDITOR, purpose=Purpose.OVERSIGHT),
    "second_auditor": TokenOrder(account=Account.SECOND_AUDITOR.value, role=Role.AUDITOR, purpose=Purpose.OVERSIGHT),
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
    await admin.execute(f'CREATE DATABASE "{STORY_TEMPLATE}" TEMPLATE "{template}" OWNER {OWNER_ROLE} {COPIED}')
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
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{story_template}" OWNER {OWNER_ROLE} {COPIED}')
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


class Browser:
    """A person at a client: posts questions and reads answers."""

    def __init__(self, registry: RunningRegistry, client: httpx.AsyncClient) -> None:
        self._registry = registry
        self.client = client

    async def post(self, person: str | TokenOrder, query: str, **variables: Any) -> httpx.Response:
        """The response to one question."""
        token = self._registry.issue(person)
        headers = {"accept": "application/graphql-response+json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return await self.client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)

    async def ask(self, person: str | TokenOrder, query: str, **variables: Any) -> Any:
        """The data of an answer that must be one."""
        response = await self.post(person, query, **variables)
        assert response.status_code == 200, response.text
        assert "errors" not in response.json()
        return response.json()["data"]

    async def be_refused(self, person: str | TokenOrder, query: str, **variables: Any) -> tuple[int, str]:
        """The status and code of a refusal that must be one."""
        response = await self.post(person, query, **variables)
        body = response.json()
        assert "data" not in body
        return response.status_code, body["errors"][0]["extensions"]["code"]


@pytest_asyncio.fixture
async def browser(registry: RunningRegistry) -> AsyncIterator[Browser]:
    """A client of the application over the story."""
    app = create_app(registry.pipeline, endpoint_url=f"{ORIGIN}/graphql")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ORIGIN) as client:
        yield Browser(registry, client)


def officer_id(officer: CastOfficer) -> str:
    """The Relay id of an officer of the story."""
    return encode_global_id("Officer", UUID(officer.id))


def outcome_id(outcome: StoryOutcome) -> str:
    """The Relay id of an outcome of the story."""
    return encode_global_id("Outcome", UUID(outcome.value))
