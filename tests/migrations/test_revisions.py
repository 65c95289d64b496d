"""Migrations go up from nothing, down again without a trace, and end where the tables of the code are.

What Alembic does not compare (checks, exclusions, computed columns) is compared with tables made from the code itself.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from app.errors import SetupRefused
from app.main import assemble, bring_up_to_date
from app.settings import Mode, Settings
from app.storage import cluster as storage_cluster
from app.storage.cluster import Addresses, refuse_old_version, require_recent_server
from app.storage.migrate import make_alembic_config, read_status, run_alembic, upgrade_database
from app.storage.tables.everything import METADATA
from tests.migrations.snapshots import count_rows, take_snapshot

ADVISORY_LOCK = 0x50524F42
COMPARED_SCHEMAS = {"registry", "release", "matching", "audit"}


@pytest.fixture(scope="module")
def revisions(settings: Settings) -> list[str]:
    """Every revision, the first one first."""
    script = ScriptDirectory.from_config(make_alembic_config(settings.root))
    return [each.revision for each in reversed(list(script.walk_revisions()))]


async def inspect(addresses: Addresses, look: Any) -> Any:
    """Run `look` over a synchronous SQLAlchemy connection of the owner's."""
    engine = create_async_engine(
        "postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(addresses.require_owner())
    )
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(look)
    finally:
        await engine.dispose()


def find_differences(connection: Connection) -> list[Any]:
    """What Alembic would write into a new revision."""
    context = MigrationContext.configure(
        connection,
        opts={
            "include_schemas": True,
            "include_name": lambda name, type_, _: type_ != "schema" or name in COMPARED_SCHEMAS,
            "compare_type": True,
            "compare_server_default": True,
            "version_table_schema": "gate",
        },
    )
    return list(compare_metadata(context, METADATA))


def make_tables(connection: Connection) -> None:
    """Make the tables straight from the code."""
    connection.exec_driver_sql("CREATE EXTENSION btree_gist")
    for schema in sorted(COMPARED_SCHEMAS):
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    METADATA.create_all(connection)


async def test_an_upgrade_from_nothing_ends_at_the_head(blank: Addresses, settings: Settings) -> None:
    before = await read_status(blank, settings)
    assert before.revision is None
    assert not before.is_current
    await bring_up_to_date(blank, settings)
    after = await read_status(blank, settings)
    assert after.is_current
    assert after.policy_sha256 == assemble(settings.root).policy.digest.hex()


async def test_each_revision_goes_down_without_a_trace_and_up_again(
    blank: Addresses, settings: Settings, revisions: list[str]
) -> None:
    await run_alembic(blank, settings.root, revisions[0])
    await run_alembic(blank, settings.root, "base")
    assert len(revisions) > 3
    for revision in revisions:
        before = await take_snapshot(blank)
        await run_alembic(blank, settings.root, revision)
        upgraded = await take_snapshot(blank)
        await run_alembic(blank, settings.root, "-1")
        assert await take_snapshot(blank) == before, revision
        await run_alembic(blank, settings.root, revision)
        assert await take_snapshot(blank) == upgraded, revision


async def test_going_down_to_the_start_leaves_nothing_behind(blank: Addresses, settings: Settings) -> None:
    untouched = await take_snapshot(blank)
    await bring_up_to_date(blank, settings)
    await run_alembic(blank, settings.root, "base")
    # The schema of Alembic's own table stays, and the extension, which may serve others in the same database.
    assert await take_snapshot(blank) - untouched == {"schema gate", "extension btree_gist"}
    await bring_up_to_date(blank, settings)
    assert (await read_status(blank, settings)).is_current


async def test_alembic_finds_nothing_to_add(addresses: Addresses) -> None:
    assert await inspect(addresses, find_differences) == []


async def test_migrated_tables_are_those_of_the_code_to_the_last_constraint(
    blank: Addresses, blank_too: Addresses, settings: Settings
) -> None:
    await run_alembic(blank, settings.root, "head")
    await inspect(blank_too, make_tables)
    made = await take_snapshot(blank_too, tables_only=True)
    migrated = await take_snapshot(blank, tables_only=True)
    # The gate's own tables belong to its functions: no statement of the code speaks of them.
    assert {line for line in migrated if " gate." not in line} == made
    for kind in ("EXCLUDE USING gist", "generated=s", "CHECK (", "FOREIGN KEY"):
        assert any(kind in line for line in made), f"nothing of {kind} was compared"


async def test_a_second_upgrade_changes_nothing(blank: Addresses, settings: Settings) -> None:
    await bring_up_to_date(blank, settings)
    once, rows = await take_snapshot(blank), await count_rows(blank)
    await bring_up_to_date(blank, settings)
    assert await take_snapshot(blank) == once
    assert await count_rows(blank) == rows


async def test_two_upgrades_at_once_both_end_at_the_head(blank: Addresses, settings: Settings) -> None:
    await asyncio.gather(bring_up_to_date(blank, settings), bring_up_to_date(blank, settings))
    assert (await read_status(blank, settings)).is_current


async def test_an_upgrade_waits_for_the_one_before_it(blank: Addresses, settings: Settings) -> None:
    other = await asyncpg.connect(blank.require_owner())
    try:
        await other.execute(f"SELECT pg_advisory_lock({ADVISORY_LOCK})")
        upgrade = asyncio.create_task(bring_up_to_date(blank, settings))
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = $1"
        async with asyncio.timeout(10):
            while not await other.fetchval(waiting, ADVISORY_LOCK):  # noqa: ASYNC110 - the event is the database's
                await asyncio.sleep(0.02)
        assert not upgrade.done()
        assert (await read_status(blank, settings)).revision is None
        await other.execute(f"SELECT pg_advisory_unlock({ADVISORY_LOCK})")
        await upgrade
    finally:
        await other.close()
    assert (await read_status(blank, settings)).is_current


async def test_an_upgrade_that_fails_leaves_the_lock_free_and_nothing_half_done(
    blank: Addresses, settings: Settings
) -> None:
    owner = await asyncpg.connect(blank.require_owner())
    try:
        # Something of ours is in the way of a later statement of the first revision.
        await owner.execute("CREATE SCHEMA matching")
        with pytest.raises(Exception, match="already exists"):
            await run_alembic(blank, settings.root, "head")
        assert await owner.fetchval("SELECT to_regnamespace('registry')") is None
        assert await owner.fetchval(f"SELECT pg_try_advisory_lock({ADVISORY_LOCK})")
    finally:
        await owner.close()


async def test_a_demo_is_refused_where_production_has_been(blank: Addresses, settings: Settings) -> None:
    wall = assemble(settings.root).wall
    await upgrade_database(blank, replace(settings, mode=Mode.PRODUCTION), wall)
    before = await take_snapshot(blank)
    with pytest.raises(SetupRefused, match="used in production"):
        await upgrade_database(blank, settings, wall)
    assert await take_snapshot(blank) == before
    # Production itself goes on.
    await upgrade_database(blank, replace(settings, mode=Mode.PRODUCTION), wall)


@pytest.mark.parametrize("version", [9, 16, 17])
def test_an_older_server_is_refused_with_what_to_do(version: int) -> None:
    with pytest.raises(SetupRefused, match=f"version {version}, but 18 or later is needed; upgrade it"):
        refuse_old_version(version)


@pytest.mark.parametrize("version", [18, 19])
def test_a_server_that_is_new_enough_is_taken(version: int) -> None:
    refuse_old_version(version)


async def test_the_version_asked_is_the_servers_own(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> None:
    await require_recent_server(addresses)
    monkeypatch.setattr(storage_cluster, "OLDEST_VERSION", 99)
    with pytest.raises(SetupRefused, match="but 99 or later is needed"):
        await require_recent_server(addresses)


async def test_a_server_that_does_not_answer_is_refused_without_its_address(addresses: Addresses) -> None:
    wrong = replace(addresses, owner="postgresql://nobody:secret-word@127.0.0.1:1/nowhere")
    with pytest.raises(SetupRefused) as refused:
        await require_recent_server(wrong)
    assert "secret-word" not in str(refused.value)
    assert "check PROBITY_DATABASE_URL" in str(refused.value)
