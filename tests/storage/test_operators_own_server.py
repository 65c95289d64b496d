"""A server of the operator's own: the owner upgrades it, and serving needs no owner's rights.

The server stands in for any other: it is a second cluster, reached by address alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from app.errors import SetupRefused
from app.main import bring_up_to_date, open_pipeline
from app.pipeline import GraphQLRequest
from app.settings import Mode, Settings, read_settings
from app.storage.cluster import name_external_addresses, refuse_old_version, require_recent_server
from app.storage.embedded import EmbeddedCluster, running_cluster
from app.storage.logins import Login


@pytest.fixture(scope="module")
def foreign() -> Iterator[EmbeddedCluster]:
    """Somebody else's server."""
    home = Path(tempfile.mkdtemp(prefix="probity-foreign-"))
    home.chmod(0o711)
    with running_cluster(home, durable=False) as cluster:
        yield cluster
    shutil.rmtree(home)


@pytest.fixture
async def operators(foreign: EmbeddedCluster, tmp_path: Path) -> Settings:
    """The settings of an operator with an empty database and an owner who may make roles, and nothing more."""
    admin = await asyncpg.connect(
        foreign.url(user="postgres", password=foreign.superuser_password, database="postgres")
    )
    try:
        await admin.execute("CREATE ROLE registry_owner LOGIN CREATEROLE PASSWORD 'a password of theirs'")
        await admin.execute("CREATE DATABASE officers OWNER registry_owner")
    finally:
        await admin.close()
    url = foreign.url(user="registry_owner", password="a password of theirs", database="officers")
    return Settings(mode=Mode.DEMO, home=tmp_path, port=8000, owner_url=url)


async def test_the_owner_upgrades_it_and_the_logins_serve_it(operators: Settings) -> None:
    addresses = name_external_addresses(operators)
    await require_recent_server(addresses)
    await bring_up_to_date(addresses, operators)
    # Serving gets the logins' addresses alone.
    serving = replace(operators, owner_url=None, login_urls={login.value: addresses.by_login[login] for login in Login})
    alone = name_external_addresses(serving)
    assert alone.owner is None
    async with open_pipeline(serving, alone) as pipeline:
        assert await pipeline.is_ready()
        request = GraphQLRequest(
            document="{ jurisdictions(first: 1) { totalCount } }", operation_name=None, variables={}, may_command=False
        )
        answer = await pipeline.answer(request, None)
    assert answer.body == b'{"data":{"jurisdictions":{"totalCount":3292}}}'


def test_serving_without_a_logins_address_is_refused_by_the_variables_name() -> None:
    settings = read_settings({"PROBITY_DATABASE_URL_PUBLIC": "postgresql://probity_public:x@127.0.0.1/officers"})
    with pytest.raises(SetupRefused, match="PROBITY_DATABASE_URL_AGENCY is not set"):
        name_external_addresses(settings)


@pytest.mark.parametrize("major", [12, 15, 17])
def test_an_older_server_is_refused_with_what_to_do(major: int) -> None:
    with pytest.raises(SetupRefused, match=f"version {major}, but 18 or later is needed; upgrade it"):
        refuse_old_version(major)


async def test_a_server_that_does_not_answer_is_refused_without_its_address(tmp_path: Path) -> None:
    url = "postgresql://owner:a-very-secret-word@127.0.0.1:1/officers"
    settings = Settings(mode=Mode.DEMO, home=tmp_path, port=8000, owner_url=url)
    with pytest.raises(SetupRefused) as refused:
        await require_recent_server(name_external_addresses(settings))
    assert "secret" not in str(refused.value)
