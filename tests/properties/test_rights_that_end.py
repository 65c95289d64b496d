"""A right that ends between two pages: the second page tells nothing, and the cursor no more than an invented one.

Each right ends once by itself, at a moment that is asked to the microsecond, and once because somebody ends it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from app.domain.vocabulary import Purpose
from app.errors import ErrorCode, ProbityError
from app.identity.presented import PresentedToken
from app.pipeline import GraphQLRequest
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import OWNER_ROLE
from tests.access.stage import connect_superuser, open_registry
from tests.journeys.conftest import RunningRegistry
from tests.properties.drawn_registry import write_tables
from tests.properties.ending_rights import EndingRight, EndingWorld, find_end, write_ending_world
from tests.properties.plain_rows import encode_id

AT = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
INSTANT = timedelta(microseconds=1)
NAMES = tuple(sorted(write_ending_world(AT, uuid4()).rights))
INVENTED = "AAAAAAAAQACAAAAAAAAAAA=="


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The world in a database, the path over it and a connection that nothing binds."""

    world: EndingWorld
    running: RunningRegistry
    truth: asyncpg.Connection

    async def ask(self, right: EndingRight, variables: dict[str, Any], at: datetime) -> bytes:
        """The bytes of an answer as of a moment."""
        pipeline = replace(self.running.pipeline, clock=lambda: at)
        presented = PresentedToken(compact=self.running.issuer.issue_token(right.order))
        given = {**right.variables, **variables}
        request = GraphQLRequest(document=right.document, operation_name=None, variables=given, may_command=False)
        return (await pipeline.answer(request, presented)).body

    @asynccontextmanager
    async def end_sooner(self, right: EndingRight, at: datetime) -> AsyncIterator[None]:
        """The right ended by somebody at a moment; everything is put back afterwards."""
        assert right.sooner is not None
        table = right.sooner.split()[1]
        before = [dict(row) for row in await self.truth.fetch(f"SELECT * FROM {table}")]
        async with self.truth.transaction():
            await self.truth.execute("SET LOCAL session_replication_role = replica")
            await self.truth.execute(right.sooner, at)
        try:
            yield
        finally:
            async with self.truth.transaction():
                await self.truth.execute("SET LOCAL session_replication_role = replica")
                await self.truth.execute(f"DELETE FROM {table}")
            await write_tables(self.truth, {table: before})


@pytest_asyncio.fixture(scope="module")
async def ending(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[Ending]:
    """The world of rights that end, as of noon of today."""
    name = f"ending_{uuid4().hex}"
    async with AsyncExitStack() as stack:
        admin = await connect_superuser(cluster)
        stack.push_async_callback(admin.close)
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER_ROLE}')
        stack.push_async_callback(admin.execute, f'DROP DATABASE "{name}" WITH (FORCE)')
        truth = await connect_superuser(cluster, name)
        stack.push_async_callback(truth.close)
        world = write_ending_world(AT, await truth.fetchval("SELECT id FROM registry.jurisdictions WHERE code = 'WA'"))
        await write_tables(truth, world.tables)
        running = await stack.enter_async_context(open_registry(cluster, settings, name))
        yield Ending(world=world, running=running, truth=truth)


def find_told(body: bytes, right: EndingRight) -> set[str]:
    """What of the right's own an answer tells."""
    return {each for each in right.told if each.encode() in body}


async def read_first_page(ending: Ending, right: EndingRight) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read one page while the right runs; how the next is asked for, and how with something invented instead."""
    if right.ids:
        body = await ending.ask(right, {"ids": right.ids[:2]}, AT)
        assert find_told(body, right) == set(right.ids[:2])
        others = [encode_id("Outcome", str(uuid4())) for _ in right.ids[2:]]
        return {"ids": right.ids[2:]}, {"ids": others}
    body = await ending.ask(right, {"after": None}, AT)
    assert len(find_told(body, right)) == 2
    data = json.loads(body)["data"]
    page = data["list"] if "list" in data else next(iter(data.values()))["list"]
    assert page["pageInfo"]["hasNextPage"]
    return {"after": page["pageInfo"]["endCursor"]}, {"after": INVENTED}


async def require_nothing(
    ending: Ending, right: EndingRight, following: dict[str, Any], invented: dict[str, Any], at: datetime
) -> None:
    """The next page is refused where the grant itself has ended; else it is what an invented cursor gets: nothing."""
    if right.is_grant:
        for variables in (following, invented):
            with pytest.raises(ProbityError) as refused:
                await ending.ask(right, variables, at)
            assert refused.value.code is ErrorCode.FORBIDDEN
        return
    body = await ending.ask(right, following, at)
    assert find_told(body, right) == set()
    assert body == await ending.ask(right, invented, at)


@pytest.mark.parametrize("name", NAMES)
async def test_a_right_that_ends_by_itself_between_two_pages_leaves_the_second_empty(name: str, ending: Ending) -> None:
    right = ending.world.rights[name]
    following, invented = await read_first_page(ending, right)
    end = find_end(right, AT)
    last = await ending.ask(right, following, end - INSTANT)
    assert len(find_told(last, right)) >= 2
    assert find_told(await ending.ask(right, invented, end - INSTANT), right) == set()
    await require_nothing(ending, right, following, invented, end)


@pytest.mark.parametrize("name", NAMES)
async def test_a_right_that_somebody_ends_between_two_pages_leaves_the_second_empty(name: str, ending: Ending) -> None:
    right = ending.world.rights[name]
    following, invented = await read_first_page(ending, right)
    async with ending.end_sooner(right, AT):
        await require_nothing(ending, right, following, invented, AT)
    assert len(find_told(await ending.ask(right, following, AT), right)) >= 2


async def test_a_stint_that_ends_between_two_pages_ends_what_an_employer_is_told(ending: Ending) -> None:
    """Not limited in time, but the relation that monitoring rests on ends with it."""
    people, rights = ending.world.people, ending.world.rights
    officer = people.tables["registry.officers"][0]["id"]
    agency = people.tables["registry.agencies"][4]
    account = "ending-monitor"
    rows = {
        "registry.stints": [
            {"id": uuid4(), "officer_id": officer, "agency_id": agency["id"], "is_current": True, "source": "drawn"}
        ],
        "registry.grants": [
            {
                "id": uuid4(),
                "account": account,
                "role": "records_officer",
                "agency_id": agency["id"],
                "valid": people.tables["registry.grants"][0]["valid"],
                "granted_by": "someone else",
            }
        ],
    }
    await write_tables(ending.truth, rows)
    records = rights["grant of a records officer"]
    order = replace(records.order, account=account, purpose=Purpose.MONITORING, agency_ori="WA9997004")
    right = replace(
        records, order=order, is_grant=False, sooner="UPDATE registry.stints SET is_current = $1::timestamptz IS NULL"
    )
    following, invented = await read_first_page(ending, right)
    async with ending.end_sooner(right, AT):
        await require_nothing(ending, right, following, invented, AT)


def test_every_right_that_has_an_end_is_among_them() -> None:
    """By the functions of the gate that ask for the time of a right."""
    assert {"consent", "check", "assignment", "break-glass", "mandate", "credential"} < set(NAMES)
    assert sum(name.startswith("grant of") for name in NAMES) >= 3
