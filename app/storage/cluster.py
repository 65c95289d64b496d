"""Where the database is: the embedded server when no address is given, any server of version 18 or later otherwise.

An older server is refused; no login is ever opened without its own password.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from app.errors import SetupRefused
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster, running_cluster
from app.storage.logins import OWNER_ROLE, Login
from app.storage.secrets import Secrets

DATABASE: Final = "probity"
OLDEST_VERSION: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The owner's database address (absent where only `serve` runs) and one for each login, as asyncpg reads them."""

    owner: str | None = field(repr=False)
    by_login: Mapping[Login, str] = field(repr=False)

    def require_owner(self) -> str:
        """The owner's address; raises `SetupRefused` where this process was not given it."""
        if self.owner is None:
            raise SetupRefused("this command needs the owner's rights; set PROBITY_DATABASE_URL")
        return self.owner


@contextmanager
def open_addresses(settings: Settings, *, progress: Callable[[str], None] | None = None) -> Iterator[Addresses]:
    """Give the addresses of the database, starting the embedded server where none is named.

    Call it before the event loop starts: it may wait for a recovery, without a fixed limit.
    """
    if settings.owner_url is not None or settings.login_urls:
        addresses = name_external_addresses(settings)
        asyncio.run(require_recent_server(addresses))
        yield addresses
        return
    with running_cluster(settings.home, progress=progress) as cluster:
        secrets = Secrets(settings.home)
        asyncio.run(prepare_embedded_database(cluster, secrets))
        yield name_embedded_addresses(cluster, secrets)


def name_external_addresses(settings: Settings) -> Addresses:
    """The addresses of a server of the operator's own.

    A login without an address of its own gets the owner's server and database with a generated password, which
    `db upgrade` gives to the role; where there is no owner's address either, the login is refused.
    """
    secrets = Secrets(settings.home)
    by_login: dict[Login, str] = {}
    for login in Login:
        given = settings.login_urls.get(login.value)
        if given is None and settings.owner_url is None:
            raise SetupRefused(f"{login.variable} is not set; set it, or PROBITY_DATABASE_URL for a set-up")
        by_login[login] = given or _replace_user(settings.owner_url or "", login, secrets)
    return Addresses(owner=settings.owner_url, by_login=by_login)


def _replace_user(owner_url: str, login: Login, secrets: Secrets) -> str:
    parts = urlsplit(owner_url)
    password = quote(secrets.get_or_create(f"login-{login.value}"), safe="")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login.role_name}:{password}@{host}"))


def name_embedded_addresses(cluster: EmbeddedCluster, secrets: Secrets, *, database: str = DATABASE) -> Addresses:
    """The addresses of the embedded server's database, each with its generated password."""

    def address(user: str, secret: str) -> str:
        return cluster.url(user=user, password=secrets.get_or_create(secret), database=database)

    return Addresses(
        owner=address(OWNER_ROLE, "login-owner"),
        by_login={login: address(login.role_name, f"login-{login.value}") for login in Login},
    )


async def prepare_embedded_database(cluster: EmbeddedCluster, secrets: Secrets, *, database: str = DATABASE) -> None:
    """Make the owner's role and the database on the embedded server, where they are not there yet."""
    connection = await asyncpg.connect(
        cluster.url(user="postgres", password=cluster.superuser_password, database="postgres")
    )
    try:
        password = secrets.get_or_create("login-owner")
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", OWNER_ROLE):
            statement = await connection.fetchval(
                "SELECT format('CREATE ROLE %I LOGIN CREATEROLE CREATEDB PASSWORD %L', $1::text, $2::text)",
                OWNER_ROLE,
                password,
            )
            await connection.execute(statement)
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database):
            await connection.execute(f'CREATE DATABASE "{database}" OWNER {OWNER_ROLE}')
    finally:
        await connection.close()


async def require_recent_server(addresses: Addresses) -> None:
    """Refuse a server older than version 18 with what to do; raises `SetupRefused`."""
    address = addresses.owner or addresses.by_login[Login.PUBLIC]
    try:
        connection = await asyncpg.connect(address)
    except (OSError, asyncpg.PostgresError, ValueError):
        raise SetupRefused(
            "the database does not answer at the given address; check PROBITY_DATABASE_URL and its password"
        ) from None
    try:
        version = connection.get_server_version().major
    finally:
        await connection.close()
    refuse_old_version(version)


def refuse_old_version(major: int) -> None:
    """Raise `SetupRefused` for a major version before 18."""
    if major < OLDEST_VERSION:
        raise SetupRefused(
            f"the database server is version {major}, but {OLDEST_VERSION} or later is needed; "
            "upgrade it, or unset PROBITY_DATABASE_URL to use the embedded one"
        )
