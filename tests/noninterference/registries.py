"""Two registries that are asked the same over HTTP: each with a database, a path and an edge of its own.

Both read one clock and draw their ids from sources that start alike at every request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from random import Random
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx
from sqlalchemy.dialects import postgresql

from app.answering.policy_holder import PolicyHolder
from app.answering.served_policy import ServedPolicy
from app.domain.clock import read_system_clock
from app.http.application import create_app
from app.identity.issuer import DEMO_KEY_NAME, DemoIssuer
from app.main import open_pipeline
from app.pipeline import Pipeline
from app.planning.planner import BoundedCache, Planner
from app.registry.world.exchange import load_world
from app.registry.world.writing import encode_line, write_header
from app.schema.bindings import build_catalogue
from app.settings import Settings
from app.storage.cluster import Addresses, name_embedded_addresses
from app.storage.embedded import EmbeddedCluster
from app.storage.ledger.group_commit import LedgerLimits, open_ledger
from app.storage.logins import OWNER_ROLE, Login
from app.storage.pools import open_pools
from app.storage.secrets import Secrets
from app.storage.tables.counted import COUNTED_VIEWS
from tests.noninterference.principals import TwinAsker

Line = dict[str, Any]
ADDRESS: Final = "http://127.0.0.1:8000"
TOKEN_LIVES: Final = 200  # requests
# What other analysts asked for, which no world tells: nobody else is told of it, and there is more on one side.
MOST_EXPORTS: Final = 3
EXPORTS: Final = tuple(UUID(int=0x29990002 << 96 | 0x4000_8000_0000_0000_0000 | each) for each in range(MOST_EXPORTS))
OTHERS_EXPORT: Final = (
    "INSERT INTO registry.analysis_exports (id, account, format, question) VALUES ($1, 'another-analyst', 'CSV', '{}')"
)
# Copied file by file, a database costs half the work of one that goes through the log.
COPIED: Final = "STRATEGY FILE_COPY"


@dataclass(slots=True)
class SharedClock:
    """The time that both registries read; it stands still between requests."""

    now: datetime

    def read(self) -> datetime:
        """The time."""
        return self.now


@dataclass(slots=True)
class StepIds:
    """A source of ids that begins anew at every step, so that two of them stay alike."""

    random: Random = field(default_factory=lambda: Random(0))

    def begin(self, step: int) -> None:
        """The ids of one request."""
        self.random = Random(f"ids of step {step}")

    def draw(self) -> UUID:
        """A version 4 UUID."""
        return UUID(int=self.random.getrandbits(128), version=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An answer as it came over HTTP."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A request as it goes over HTTP."""

    method: str
    body: bytes = b""
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True, kw_only=True)
class Side:
    """One registry: its pipeline and the client of its edge."""

    pipeline: Pipeline
    client: httpx.AsyncClient
    ids: StepIds

    async def send(self, sent: Sent, step: int, token: str | None) -> Exchange:
        """One request and its whole answer."""
        self.ids.begin(step)
        headers = list(sent.headers)
        if token is not None:
            headers.append(("authorization", f"Bearer {token}"))
        response = await self.client.request(
            sent.method, "/graphql", content=sent.body, params=list(sent.query) or None, headers=headers
        )
        return Exchange(status=response.status_code, headers=tuple(response.headers.raw), body=response.content)


@dataclass(slots=True, kw_only=True)
class TwinRegistries:
    """Both sides, asked in step as one principal."""

    left: Side
    right: Side
    clock: SharedClock
    issuer: DemoIssuer
    asker: TwinAsker
    # Never begun anew: ids of two requests must differ, also where the registries are asked in several runs.
    steps: Iterator[int] = field(default_factory=lambda: count(1))
    token: str | None = None
    asked: int = 0

    @property
    def policy(self) -> ServedPolicy:
        """The policy that both serve."""
        return self.left.pipeline.policy

    async def ask(self, sent: Sent) -> tuple[Exchange, Exchange]:
        """The answers of both sides to one request."""
        self.clock.now = read_system_clock()
        if self.asker.order is not None and self.asked % TOKEN_LIVES == 0:
            self.token = self.issuer.issue_token(self.asker.order)
        self.asked += 1
        step = next(self.steps)
        left = await self.left.send(sent, step, self.token)
        return left, await self.right.send(sent, step, self.token)


@dataclass(slots=True, kw_only=True)
class Yard:
    """Where registries are made: the server, a migrated and empty database to copy, and a path to make others after.

    A world that many are compared with is loaded once, and copied.
    """

    cluster: EmbeddedCluster
    settings: Settings
    template: str
    pipeline: Pipeline
    clock: SharedClock
    loaded: list[tuple[Sequence[Line], str]] = field(default_factory=list)

    @asynccontextmanager
    async def open_side(self, database: str) -> AsyncIterator[Side]:
        """One registry over a database."""
        ids = StepIds()
        addresses = address(self.cluster, self.settings, database)
        async with (
            open_pools(addresses) as pools,
            open_ledger(addresses.by_login[Login.LEDGER], ids=uuid4, limits=LedgerLimits()) as ledger,
        ):
            pipeline = replace(
                self.pipeline,
                pools=pools,
                ledger=ledger,
                draw_id=ids.draw,
                recorder=replace(self.pipeline.recorder, draw_id=ids.draw),
                held=BoundedCache(64),
            )
            async with connect_edge(pipeline, ids) as client:
                yield Side(pipeline=pipeline, client=client, ids=ids)

    @asynccontextmanager
    async def open_twins(
        self, left: Sequence[Line], right: Sequence[Line], asker: TwinAsker, *, wall: bool = True
    ) -> AsyncIterator[TwinRegistries]:
        """Both registries; without `wall` row security is off, and only the application masks.

        They share one policy and its plans: what one side plans the other need not plan again.
        """
        issuer = DemoIssuer(
            secret=Secrets(self.settings.home).get_or_create(DEMO_KEY_NAME),
            mode=self.settings.mode,
            clock=self.clock.read,
            draw_id=uuid4,
        )
        async with AsyncExitStack() as stack:
            sides = []
            for lines, source in ((left, await self._load_once(left)), (right, self.template)):
                database = await stack.enter_async_context(copy_database(self.cluster, source))
                if lines is right:
                    await self._fill(database, lines, exports=MOST_EXPORTS)
                if not wall:
                    await _take_wall_down(self.cluster, database)
                sides.append(await stack.enter_async_context(self.open_side(database)))
            yield TwinRegistries(left=sides[0], right=sides[1], clock=self.clock, issuer=issuer, asker=asker)

    async def _load_once(self, lines: Sequence[Line]) -> str:
        """The database that holds a world and nobody uses, to be copied."""
        for known, name in self.loaded:
            if known is lines:
                return name
        name = f"base_{uuid4().hex}"
        async with connect_superuser(self.cluster) as admin:
            await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}" OWNER {OWNER_ROLE} {COPIED}')
        await self._fill(name, lines, exports=1)
        self.loaded.append((lines, name))
        return name

    async def _fill(self, database: str, lines: Sequence[Line], *, exports: int) -> None:
        ids = StepIds()
        ids.begin(0)
        owner = await asyncpg.connect(address(self.cluster, self.settings, database).require_owner())
        try:
            world = (write_header(), *map(encode_line, lines))
            await load_world(owner, self.settings, world, clock=read_system_clock, ids=ids.draw)
            await owner.executemany(OTHERS_EXPORT, [[key] for key in EXPORTS[:exports]])
        finally:
            await owner.close()


@asynccontextmanager
async def open_yard(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[Yard]:
    """A yard on a server; what it loaded is dropped at the end."""
    clock = SharedClock(read_system_clock())
    async with (
        copy_database(cluster, template) as database,
        open_pipeline(settings, address(cluster, settings, database), system_clock=clock.read) as pipeline,
    ):
        yard = Yard(cluster=cluster, settings=settings, template=template, pipeline=pipeline, clock=clock)
        yield yard
        async with connect_superuser(cluster) as admin:
            for _, name in yard.loaded:
                await admin.execute(f'DROP DATABASE "{name}"')


@asynccontextmanager
async def connect_superuser(
    cluster: EmbeddedCluster, database: str = "postgres"
) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection that row security does not bind."""
    connection = await asyncpg.connect(
        cluster.url(user=cluster.superuser, password=cluster.superuser_password, database=database)
    )
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def copy_database(cluster: EmbeddedCluster, source: str) -> AsyncIterator[str]:
    """A copy of a database that nobody uses, dropped at the end."""
    name = f"twin_{uuid4().hex}"
    async with connect_superuser(cluster) as admin:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" OWNER {OWNER_ROLE} {COPIED}')
        try:
            yield name
        finally:
            await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def address(cluster: EmbeddedCluster, settings: Settings, database: str) -> Addresses:
    """The addresses of a database by login."""
    return name_embedded_addresses(cluster, Secrets(settings.home), database=database)


def connect_edge(pipeline: Pipeline, ids: StepIds) -> httpx.AsyncClient:
    """A client of the edge of a pipeline, without a socket between them."""
    app = create_app(pipeline, draw_id=ids.draw)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS)


@asynccontextmanager
async def replan(twins: TwinRegistries, served: ServedPolicy) -> AsyncIterator[TwinRegistries]:
    """The same registries with nothing planned or remembered yet: what is planned now follows the code as it is now."""
    async with AsyncExitStack() as stack:
        sides = []
        planner = Planner(build_catalogue(), served.point.bundle.record_states)
        policy = replace(served, planner=planner)
        for side in (twins.left, twins.right):
            policies = PolicyHolder(policy, lambda: policy)
            pipeline = replace(side.pipeline, policies=policies, held=BoundedCache(64))
            client = await stack.enter_async_context(connect_edge(pipeline, side.ids))
            sides.append(replace(side, pipeline=pipeline, client=client))
        yield replace(twins, left=sides[0], right=sides[1], asked=0)


async def _take_wall_down(cluster: EmbeddedCluster, database: str) -> None:
    async with connect_superuser(cluster, database) as truth:
        tables = await truth.fetch(
            "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relrowsecurity"
        )
        for row in tables:
            await truth.execute(f"ALTER TABLE {row['name']} DISABLE ROW LEVEL SECURITY")
        for each in COUNTED_VIEWS:
            rows = each.select_rows(each.judged.alias("r")).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
            await truth.execute(f"CREATE OR REPLACE VIEW {each.view.fullname} AS {rows}")
