"""Someone has a login's password and a database client, and no context: what he can find out, and do. Nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from app.domain.vocabulary import Role
from app.main import assemble
from app.settings import Settings
from app.storage import wall
from app.storage.logins import LOGIN_OF_ROLE, OWNER_ROLE, Login
from app.storage.migrate import apply_policy
from tests.access.second_wall import sign_context
from tests.access.test_second_wall import count_rows, count_under_each
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS

READERS = sorted(set(LOGIN_OF_ROLE.values()))
SIGNED_IN = [login for login in READERS if login is not Login.PUBLIC]
EVERYONE = list(Login)
REFUSED = (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedObjectError, asyncpg.FeatureNotSupportedError)
SCHEMAS = ("registry", "release", "matching", "audit", "gate")

OpenAs = Callable[[Login], Awaitable[asyncpg.Connection]]


@pytest_asyncio.fixture
async def open_as(shared: RunningRegistry) -> AsyncIterator[OpenAs]:
    """A client of one's own with a login's password; closed at the end."""
    opened: list[asyncpg.Connection] = []

    async def connect(login: Login) -> asyncpg.Connection:
        opened.append(await asyncpg.connect(shared.addresses.by_login[login]))
        return opened[-1]

    yield connect
    for connection in opened:
        await connection.close()


async def require_refused(connection: asyncpg.Connection, statement: str) -> None:
    """The server refuses the statement for want of a right; fails where it does anything else."""
    with pytest.raises(REFUSED):
        await connection.execute(statement)


# --- contexts


def sign_text(running: RunningRegistry, payload: str) -> str:
    """A payload of any form, rightly signed: what someone with the signing key itself could make."""
    key = running.pipeline.signer._key
    return f"{hmac.new(key, payload.encode(), hashlib.sha256).hexdigest()}:{payload}"


async def test_a_rightly_signed_payload_of_another_form_shows_nothing(shared: RunningRegistry) -> None:
    order = ASKERS["records"]
    assert order is not None
    payload = (await sign_context(shared, order))[65:]
    claims = json.loads(payload)

    def change(**changes: Any) -> str:
        return json.dumps({**claims, **changes})

    odd = [
        "",
        "null",
        "{}",
        "[]",
        f"[{payload}]",
        json.dumps(payload),
        payload[:-1],
        payload + payload,
        payload.replace("{", "{" + '"policy":"' + "0" * 64 + '",', 1).replace(claims["policy"], "1" * 64),
        payload[:-1] + ',"role":"agency_head"}',
        payload[:-1] + ',"login":"probity_post"}',
        payload[:-1] + ',"policy":null}',
        change(expires=None),
        change(expires=True),
        change(expires=[9999999999]),
        payload.replace(f'"expires":{claims["expires"]}', '"expires":NaN'),
        payload.replace(f'"expires":{claims["expires"]}', '"expires":Infinity'),
        payload.replace(f'"expires":{claims["expires"]}', '"expires":1e400'),
        payload.replace(f'"expires":{claims["expires"]}', '"expires":99999999999999999999999'),
        payload.replace(f'"expires":{claims["expires"]}', '"expires":-1'),
        change(at="infinity"),
        change(at=""),
        change(at=None),
        change(grant=""),
        change(grant="x"),
        change(agency=[claims["agency"]]),
        change(policy=""),
        change(policy=claims["policy"].upper()),
        change(policy=claims["policy"][:-1]),
        change(role=None),
        change(purpose=None),
        payload.replace("records_officer", "records\\u0000officer"),
        payload.replace("records_officer", "records_officer\\u200b"),
    ]
    for text in odd:
        connection = await asyncpg.connect(shared.addresses.by_login[Login.AGENCY])
        try:
            await connection.execute("SELECT set_config('probity.context', $1, false)", sign_text(shared, text))
            counts = await count_rows(connection)
        except asyncpg.DataError:
            continue
        finally:
            await connection.close()
        assert set(counts.values()) == {0}, text
    # And the one that is as it should be shows rows: the signing here is right.
    assert sum((await count_under_each(shared, Login.AGENCY, [sign_text(shared, payload)]))[0].values()) > 0


async def test_a_context_holds_for_no_other_login(shared: RunningRegistry, open_as: OpenAs) -> None:
    contexts = {
        person: (LOGIN_OF_ROLE[order.role], await sign_context(shared, order))
        for person, order in ASKERS.items()
        if order is not None
    }
    held = 0
    for login in SIGNED_IN:
        connection = await open_as(login)
        for person, (own, context) in contexts.items():
            await connection.execute("SELECT set_config('probity.context', $1, false)", context)
            role = await connection.fetchval("SELECT c.role FROM gate.read_context() c")
            assert (role is not None) is (login is own), (person, login)
            held += role is not None
    assert held == len(contexts)


async def test_a_context_of_another_policy_shows_nothing(shared: RunningRegistry) -> None:
    order = ASKERS["post"]
    assert order is not None
    digest = shared.pipeline.policy.digest
    others = [bytes(32), b"", digest[::-1], digest + b"\0", digest[:-1]]
    contexts = [await sign_context(shared, order, policy=each) for each in others]
    for counts in await count_under_each(shared, Login.POST, contexts):
        assert set(counts.values()) == {0}


# --- becoming somebody else


@pytest.mark.parametrize("login", EVERYONE)
async def test_no_login_becomes_another(login: Login, open_as: OpenAs) -> None:
    connection = await open_as(login)
    others = [each.role_name for each in Login if each is not login] + [
        OWNER_ROLE,
        "postgres",
        "pg_read_all_data",
        "pg_write_all_data",
        "pg_read_server_files",
        "pg_execute_server_program",
        "pg_monitor",
        "pg_read_all_stats",
        "pg_signal_backend",
        "pg_checkpoint",
        "pg_maintain",
    ]
    for role in others:
        for statement in (f"SET ROLE {role}", f"SET LOCAL ROLE {role}", f"SELECT set_config('role', '{role}', false)"):
            await require_refused(connection, statement)
    for role in others[:-9]:
        await require_refused(connection, f"SET SESSION AUTHORIZATION {role}")
        await require_refused(connection, f"GRANT {role} TO {login.role_name}")
        await require_refused(connection, f"ALTER ROLE {role} PASSWORD 'x'")
    assert await connection.fetchval("SELECT session_user || current_user") == login.role_name * 2
    held = await connection.fetchrow(
        "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles "
        "WHERE rolname = session_user"
    )
    assert held is not None
    assert not any(held)
    assert not await connection.fetchval("SELECT count(*) FROM pg_auth_members WHERE member = session_user::regrole")


# --- tables and columns


async def list_tables(connection: asyncpg.Connection, login: Login) -> list[asyncpg.Record]:
    """Every table and view, the columns that the login may read of it, and one that it may not."""
    return list(
        await connection.fetch(
            "SELECT format('%I.%I', n.nspname, c.relname) AS name, c.oid, "
            "count(*) FILTER (WHERE has_column_privilege($1, c.oid, a.attnum, 'SELECT')) AS readable, count(*) AS all, "
            "min(quote_ident(a.attname)) FILTER (WHERE NOT has_column_privilege($1, c.oid, a.attnum, 'SELECT')) "
            "AS kept "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND a.attgenerated = '' AND NOT a.attisdropped "
            "WHERE n.nspname = ANY($2) AND c.relkind IN ('r', 'v', 'm', 'p') GROUP BY 1, 2 ORDER BY 1",
            login.role_name,
            list(SCHEMAS),
        )
    )


@pytest.mark.parametrize("login", READERS)
async def test_a_column_that_is_not_granted_is_refused_however_it_is_asked_for(
    login: Login, open_as: OpenAs, truth: asyncpg.Connection
) -> None:
    connection = await open_as(login)
    refused = 0
    for table in await list_tables(truth, login):
        if table["kept"] is None:
            continue
        name, kept = table["name"], table["kept"]
        for statement in (
            f"SELECT {kept} FROM {name}",
            f"SELECT * FROM {name}",
            f"SELECT t FROM {name} t",
            f"SELECT row_to_json(t) FROM {name} t",
            f"SELECT 1 FROM {name} WHERE {kept} IS NULL",
            f"SELECT 1 FROM {name} ORDER BY {kept}",
            f"COPY {name} TO STDOUT",
            f"COPY {name} ({kept}) TO STDOUT",
            f"EXPLAIN SELECT {kept} FROM {name}",
            f"UPDATE {name} SET {kept} = {kept} RETURNING {kept}",
            f"DELETE FROM {name} RETURNING *",
        ):
            await require_refused(connection, statement)
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("login", READERS)
async def test_a_reader_writes_nothing_and_makes_nothing(
    login: Login, open_as: OpenAs, truth: asyncpg.Connection
) -> None:
    connection = await open_as(login)
    written = await truth.fetch(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ANY($2) AND c.relkind IN ('r', 'v', 'm', 'p', 'S') AND CASE WHEN c.relkind = 'S' "
        "THEN has_sequence_privilege($1, c.oid, 'USAGE, UPDATE') ELSE "
        "has_table_privilege($1, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER, MAINTAIN') "
        "OR has_any_column_privilege($1, c.oid, 'INSERT, UPDATE, REFERENCES') END",
        login.role_name,
        list(SCHEMAS),
    )
    assert written == []
    for schema in (*SCHEMAS, "public", "pg_catalog"):
        for statement in (
            f"CREATE TABLE {schema}.mine (id int)",
            f"CREATE VIEW {schema}.mine AS SELECT 1 AS id",
            f"CREATE FUNCTION {schema}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            f"CREATE OPERATOR {schema}.=== (FUNCTION = uuid_eq, LEFTARG = uuid, RIGHTARG = uuid)",
            f"CREATE TYPE {schema}.mine AS (id int)",
        ):
            await require_refused(connection, statement)
    for statement in (
        "CREATE SCHEMA mine",
        "CREATE EXTENSION dblink",
        "CREATE EXTENSION postgres_fdw",
        "CREATE EXTENSION pg_stat_statements",
        "CREATE LANGUAGE plpython3u",
        "CREATE SERVER mine FOREIGN DATA WRAPPER postgres_fdw",
        "CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION gate.read_context()",
        "CREATE PUBLICATION mine FOR ALL TABLES",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "ALTER SYSTEM SET log_statement = 'all'",
        "DROP POLICY owner ON registry.officers",
        "ALTER TABLE registry.officers DISABLE ROW LEVEL SECURITY",
        "DO $$ BEGIN LOCK TABLE registry.officers IN ACCESS EXCLUSIVE MODE; END $$",
        "DO $$ BEGIN LOCK TABLE audit.records IN SHARE MODE; END $$",
    ):
        await require_refused(connection, statement)


async def test_the_public_reaches_the_release_schema_alone(open_as: OpenAs, truth: asyncpg.Connection) -> None:
    connection = await open_as(Login.PUBLIC)
    for schema in ("registry", "matching", "audit", "gate"):
        assert not await connection.fetchval("SELECT has_schema_privilege($1, 'USAGE')", schema)
    for table in await list_tables(truth, Login.PUBLIC):
        if not table["name"].startswith("release."):
            await require_refused(connection, f"SELECT 1 FROM {table['name']}")
    functions = await truth.fetch(
        "SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = ANY($1) AND has_function_privilege('probity_public', p.oid, 'EXECUTE') "
        "AND has_schema_privilege('probity_public', n.oid, 'USAGE')",
        list(SCHEMAS),
    )
    assert functions == []
    for table in await list_tables(connection, Login.PUBLIC):
        if table["name"].startswith("release.") and table["readable"]:
            kinds = await truth.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND "
                "attname IN ('officer_id', 'series_id', 'account', 'family_name')",
                table["oid"],
            )
            assert kinds == [], table["name"]


# --- what the server itself tells


@pytest.mark.parametrize("login", SIGNED_IN)
async def test_row_security_cannot_be_left_out(login: Login, open_as: OpenAs, truth: asyncpg.Connection) -> None:
    connection = await open_as(login)
    await connection.execute("SET row_security = off")
    refused = 0
    for name in await list_granted(truth, login):
        table, _, column = name.rpartition(".")
        if await truth.fetchval("SELECT relforcerowsecurity FROM pg_class WHERE oid = $1::text::regclass", table):
            await require_refused(connection, f"SELECT {column} FROM {table}")
            refused += 1
    await connection.execute("RESET row_security")
    assert refused > 0 or login in {Login.ANALYST, Login.CREDENTIALS}


async def list_granted(truth: asyncpg.Connection, login: Login) -> list[str]:
    """One column that the login may read of each of its tables, as schema.table.column."""
    rows = await truth.fetch(
        "SELECT format('%I.%I.%I', n.nspname, c.relname, min(a.attname)) AS name FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
        "WHERE n.nspname IN ('registry', 'audit') AND c.relkind = 'r' "
        "AND has_column_privilege($1, c.oid, a.attnum, 'SELECT') AND has_schema_privilege($1, n.oid, 'USAGE') "
        "GROUP BY n.nspname, c.relname",
        login.role_name,
    )
    return [row["name"] for row in rows]


@pytest.mark.parametrize("login", EVERYONE)
async def test_samples_kept_by_the_planner_are_not_told(
    login: Login, open_as: OpenAs, truth: asyncpg.Connection
) -> None:
    """`ANALYZE` keeps the commonest values of each column; the view of them leaves out tables with row security."""
    await truth.execute("ANALYZE registry.officers, registry.outcome_series, registry.stints, registry.grants")
    assert await truth.fetchval("SELECT count(*) FROM pg_stats WHERE schemaname = 'registry'") > 20
    connection = await open_as(login)
    told = await connection.fetch(
        "SELECT s.tablename, s.attname FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename "
        "JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.schemaname "
        "WHERE s.schemaname IN ('registry', 'audit', 'matching') AND c.relrowsecurity"
    )
    assert told == []
    for statement in (
        "SELECT stavalues1 FROM pg_statistic",
        "SELECT * FROM pg_statistic_ext_data",
        "SELECT * FROM pg_authid",
        "SELECT rolpassword FROM pg_authid",
        "SELECT * FROM pg_hba_file_rules",
        "SELECT * FROM pg_file_settings",
        "SELECT * FROM pg_shmem_allocations",
        "SELECT * FROM pg_backend_memory_contexts",
    ):
        await require_refused(connection, statement)


async def test_what_a_statement_of_another_login_says_is_not_told(open_as: OpenAs) -> None:
    asking = await open_as(Login.POST)
    await asking.fetch("SELECT 'invented words of another login'")
    for login in EVERYONE:
        if login is Login.POST:
            continue
        connection = await open_as(login)
        words = await connection.fetch("SELECT query FROM pg_stat_activity WHERE usename = 'probity_post'")
        assert words
        assert {row["query"] for row in words} == {"<insufficient privilege>"}
        await connection.close()


@pytest.mark.parametrize("login", EVERYONE)
async def test_files_programs_other_servers_and_other_processes_are_out_of_reach(
    login: Login, open_as: OpenAs, truth: asyncpg.Connection
) -> None:
    connection = await open_as(login)
    own = await truth.fetchval("SELECT pg_backend_pid()")
    for statement in (
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_read_binary_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "SELECT pg_ls_logdir()",
        "SELECT pg_stat_file('PG_VERSION')",
        "SELECT lo_import('/etc/hostname')",
        "SELECT lo_export(1, '/tmp/x')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/x'",
        "COPY pg_class FROM PROGRAM 'true'",
        f"SELECT pg_terminate_backend({own})",
        f"SELECT pg_cancel_backend({own})",
        f"SELECT pg_log_backend_memory_contexts({own})",
        "SELECT pg_reload_conf()",
        "SELECT pg_rotate_logfile()",
        "SELECT pg_switch_wal()",
        "SELECT pg_create_restore_point('x')",
        "SELECT pg_logical_emit_message(true, 'x', 'x') FROM pg_create_logical_replication_slot('x', 'test_decoding')",
        "SET log_statement = 'all'",
        "SET session_preload_libraries = 'x'",
        "LOAD '/tmp/x.so'",
        "SET zero_damaged_pages = on",
        "SET session_replication_role = replica",
    ):
        await require_refused(connection, statement)


async def test_large_objects_hold_nothing_and_those_of_others_are_out_of_reach(open_as: OpenAs) -> None:
    mine = await open_as(Login.POST)
    other = await open_as(Login.AGENCY)
    assert await mine.fetchval("SELECT count(*) FROM pg_largeobject_metadata") == 0
    number = await mine.fetchval("SELECT lo_from_bytea(0, 'x')")
    try:
        await require_refused(other, f"SELECT lo_get({number})")
        await require_refused(other, "SELECT data FROM pg_largeobject")
    finally:
        await mine.fetchval("SELECT lo_unlink($1)", number)


# --- the functions of the gate


async def list_functions(truth: asyncpg.Connection, login: Login) -> list[asyncpg.Record]:
    """The gate's functions that the login may call, with the types of their arguments and of what they give."""
    return list(
        await truth.fetch(
            "SELECT p.oid::regproc::text AS name, p.proargtypes::oid[]::regtype[]::text[] AS takes, "
            "p.prorettype::regtype::text AS gives, p.proretset AS many, p.prosecdef AS definer, "
            "p.proconfig AS config FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
            "WHERE n.nspname IN ('gate', 'registry') AND has_function_privilege($1, p.oid, 'EXECUTE') "
            "AND p.prorettype <> 'trigger'::regtype ORDER BY 1",
            login.role_name,
        )
    )


@pytest.mark.parametrize("login", SIGNED_IN)
async def test_without_a_context_no_function_names_a_record_an_officer_or_a_grant(
    login: Login, open_as: OpenAs, truth: asyncpg.Connection
) -> None:
    connection = await open_as(login)
    seen = 0
    for function in await list_functions(truth, login):
        if function["name"] == "gate.read_installation":
            continue
        given = {"uuid": f"'{uuid4()}'::uuid", "text": "'demo'", "timestamp with time zone": "now()"}
        call = f"{function['name']}({', '.join(given[each] for each in function['takes'])})"
        if function["many"]:
            assert await connection.fetch(f"SELECT * FROM {call}") == [], call
        elif function["gives"].endswith("[]") or function["gives"] == "boolean":
            assert not await connection.fetchval(f"SELECT {call}"), call
        else:
            told = await connection.fetchval(f"SELECT ({call})::text")
            assert (told or "").strip("(,)") in {"", "none", "unlisted"}, call
        seen += 1
    assert seen >= 3


async def test_every_function_with_its_owners_rights_has_a_fixed_search_path(truth: asyncpg.Connection) -> None:
    """Or a table of the caller's own, in a schema of his choosing, would be read in place of the registry's."""
    loose = await truth.fetch(
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = ANY($1) AND p.prosecdef AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=\"\"']",
        list(SCHEMAS),
    )
    assert loose == []


async def test_a_lock_that_anyone_may_take_keeps_no_policy_from_being_put_in_place(
    registry: RunningRegistry, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall, "PATIENCE_SECONDS", 2.0)
    connection = await asyncpg.connect(registry.addresses.by_login[Login.AGENCY])
    try:
        await connection.execute("SELECT pg_advisory_lock(1347571522), pg_advisory_lock(0), pg_advisory_lock(1)")
        await apply_policy(registry.addresses, settings, assemble(settings.root).wall)
        assert await registry.pipeline.is_ready()
    finally:
        await connection.close()


def test_every_role_has_a_login_that_these_attacks_are_made_with() -> None:
    assert {LOGIN_OF_ROLE[role] for role in Role} <= set(EVERYONE)
