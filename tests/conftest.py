"""Fixtures for every room: pick the narrowest that does.

* `settings` is the configuration of a demo installation in a folder of its own.
* `addresses` is a fresh, migrated, empty database (a copy of a template, made once a process).
* `owner` is a connection to it as the owner; `connect(Login.AGENCY)` opens one as a login.

Tests run in several processes. Each has its own folder and server, so that none meets another's; the tests of one
module run in one process, in their order. What a test that passed has printed, as counts, is told at the end.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import ExitStack
from functools import cache
from inspect import isfunction
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from app import main
from app.answering import served_policy
from app.main import bring_up_to_date
from app.policy.bundle import PolicyBundle
from app.policy.engine import DecisionPoint
from app.settings import Mode, Settings
from app.storage.cluster import Addresses, name_embedded_addresses, prepare_embedded_database
from app.storage.embedded import EmbeddedCluster, running_cluster
from app.storage.file_locks import hold_lock
from app.storage.logins import OWNER_ROLE, Login
from app.storage.secrets import Secrets

Connect = Callable[[Login], Awaitable[asyncpg.Connection]]
TEMPLATE = "probity_template"
PRINTED = "printed"
# Copied file by file, a database costs half the work of one that goes through the log.
COPIED = "STRATEGY FILE_COPY"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Function) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what a test has printed with its report, which goes from the process that ran it to the one that tells."""
    report = yield
    if report.when == "call" and report.passed and prints_itself(item.module):
        report.user_properties.append((PRINTED, report.capstdout.strip()))
    return report


@cache
def prints_itself(module: ModuleType) -> bool:
    """Whether a module's own functions print, which are counts; elsewhere it is a command that was run."""
    functions = [each for each in vars(module).values() if isfunction(each) and each.__module__ == module.__name__]
    return any("print" in each.__code__.co_names for each in functions)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell at the end what the tests of all processes counted: how much a profile looked at."""
    told = [
        (report.nodeid, text)
        for report in terminalreporter.getreports("passed")
        for name, text in report.user_properties
        if name == PRINTED and text
    ]
    if told:
        terminalreporter.section("counted")
    for nodeid, text in sorted(told):
        terminalreporter.line(nodeid)
        for line in text.splitlines():
            terminalreporter.line(f"    {line}")


@pytest.fixture(scope="session", autouse=True)
def checked_once() -> Iterator[None]:
    """A policy that Casbin was found to hold is not asked of it again for every path that is opened over it.

    Files are read anew each time; a policy with another digest is checked like the first. Plans are kept by nobody.
    """
    points: dict[bytes, DecisionPoint] = {}

    def find_point(bundle: PolicyBundle) -> DecisionPoint:
        if bundle.digest not in points:
            points[bundle.digest] = DecisionPoint(bundle)
        return points[bundle.digest]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(main, "DecisionPoint", find_point)
        patched.setattr(main, "build_schema", cache(main.build_schema))
        patched.setattr(served_policy, "read_definitions", cache(served_policy.read_definitions))
        yield


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """A demo installation in a folder of its own, reachable by the account that runs the server under root."""
    home = Path(tempfile.mkdtemp(prefix="probity-test-"))
    home.chmod(0o711)
    yield Settings(mode=Mode.DEMO, home=home, port=8000)
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def cluster(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCluster]:
    """The embedded server, started once a process; not durable, as its data dies with the run."""
    with ExitStack() as stack:
        # One process after the other: root's first server makes the account and the programs that all others use.
        with hold_lock(tmp_path_factory.getbasetemp().parent / "server-start.lock"):
            running = stack.enter_context(running_cluster(settings.home, durable=False))
        yield running


@pytest.fixture(scope="session")
def template(cluster: EmbeddedCluster, settings: Settings) -> str:
    """The name of a migrated, empty database that others are copied from."""

    async def make() -> None:
        secrets = Secrets(settings.home)
        await prepare_embedded_database(cluster, secrets, database=TEMPLATE)
        await bring_up_to_date(name_embedded_addresses(cluster, secrets, database=TEMPLATE), settings)

    asyncio.run(make())
    return TEMPLATE


@pytest_asyncio.fixture
async def addresses(cluster: EmbeddedCluster, settings: Settings, template: str) -> AsyncIterator[Addresses]:
    """A fresh copy of the template; dropped afterwards, whoever is still connected."""
    name = f"test_{uuid4().hex}"
    admin = await asyncpg.connect(
        cluster.url(user="postgres", password=cluster.superuser_password, database="postgres")
    )
    try:
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {OWNER_ROLE} {COPIED}')
        yield name_embedded_addresses(cluster, Secrets(settings.home), database=name)
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await admin.close()


@pytest_asyncio.fixture
async def owner(addresses: Addresses) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the owner of the schema."""
    connection = await asyncpg.connect(addresses.require_owner())
    try:
        yield connection
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def connect(addresses: Addresses) -> AsyncIterator[Connect]:
    """Open connections as any login; all are closed at the end."""
    opened: list[asyncpg.Connection] = []

    async def open_as(login: Login) -> asyncpg.Connection:
        connection = await asyncpg.connect(addresses.by_login[login])
        opened.append(connection)
        return connection

    yield open_as
    for connection in opened:
        await connection.close()
