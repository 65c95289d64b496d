"""What each login of the database may touch: exactly what `migrations/grants.sql` lists, and nothing beside it."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.demo.cast import WALKER
from app.planning.row_rights import OPEN_TABLES
from app.storage.logins import OWNER_ROLE, Login
from tests.access.grant_lines import read_granted, read_held
from tests.access.stage import name_database
from tests.journeys.conftest import RunningRegistry

FEWEST_GRANTS = 300
REACHED = """
SELECT format('%I.%I', n.nspname, c.relname) AS name, n.nspname AS schema FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND has_schema_privilege(n.oid, 'USAGE')
    AND (CASE WHEN c.relkind = 'S' THEN has_sequence_privilege(c.oid, 'USAGE, SELECT, UPDATE')
        ELSE has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
            OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') END)
"""
CALLED = """
SELECT p.oid::regprocedure::text AS name, n.nspname AS schema
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
    AND p.prorettype <> 'trigger'::regtype AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
"""


async def test_the_database_holds_the_grants_of_the_file_and_no_other(truth: asyncpg.Connection) -> None:
    granted, held = read_granted(), await read_held(truth)
    assert held - granted == set()
    assert granted - held == set()
    assert len(granted) > FEWEST_GRANTS


async def test_the_public_login_reaches_the_release_schema_alone(shared: RunningRegistry) -> None:
    connection = await asyncpg.connect(shared.addresses.by_login[Login.PUBLIC])
    try:
        reached = await connection.fetch(REACHED)
        assert {row["schema"] for row in reached} == {"release"}
        assert len(reached) > 3
        assert await connection.fetch(CALLED) == []
        for table in ("registry.agencies", "registry.officers", "audit.records", "matching.birth_dates"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetchval(f"SELECT count(*) FROM {table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("SELECT gate.officer_listing($1, now())", UUID(WALKER.id))
        assert await connection.fetchval("SELECT count(*) FROM release.agencies") > 0
    finally:
        await connection.close()


@pytest.mark.parametrize("login", [Login.AGENCY, Login.POST, Login.OFFICER])
async def test_a_reader_gets_no_whole_row_and_no_column_that_no_plan_reads(
    login: Login, shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    connection = await asyncpg.connect(shared.addresses.by_login[login])
    columns = await truth.fetch(
        "SELECT format('%I.%I', table_schema, table_name) AS name, column_name AS column, has_column_privilege("
        "$1, format('%I.%I', table_schema, table_name), column_name, 'SELECT') AS may FROM information_schema.columns "
        "WHERE table_schema IN ('registry', 'audit', 'matching', 'gate') ORDER BY 1, 2",
        login.role_name,
    )
    try:
        for name in ("outcome_series", "officers", "officer_identifiers", "outcome_contents", "stints"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"SELECT * FROM registry.{name}")
        refused = [row for row in columns if not row["may"]]
        for row in refused:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f'SELECT "{row["column"]}" FROM {row["name"]} LIMIT 1')
    finally:
        await connection.close()
    hidden = {f"{row['name']}.{row['column']}" for row in refused}
    assert len(hidden) > 150
    assert {
        "registry.officer_identifiers.value_token",
        "registry.officers.analyst_id",
        "registry.outcome_contents.commitment_salt",
        "matching.birth_dates.birth_date",
        "gate.context_pads.inner_pad",
    } <= hidden


@pytest.mark.parametrize("login", Login)
async def test_no_login_can_become_another_or_make_anything(login: Login, shared: RunningRegistry) -> None:
    connection = await asyncpg.connect(shared.addresses.by_login[login])
    others = [each.role_name for each in Login if each is not login] + [OWNER_ROLE, "postgres", "pg_read_all_data"]
    try:
        for other in others:
            for statement in (
                f"SET ROLE {other}",
                f"SET SESSION AUTHORIZATION {other}",
                f"GRANT {other} TO {login.role_name}",
            ):
                with pytest.raises(asyncpg.PostgresError):
                    await connection.execute(statement)
        made = [
            *(
                f"CREATE TABLE {name}.made (id int)"
                for name in ("public", "registry", "release", "matching", "audit", "gate")
            ),
            "CREATE SCHEMA made",
            "CREATE ROLE made",
            "CREATE FUNCTION public.made() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "ALTER TABLE registry.officers DISABLE ROW LEVEL SECURITY",
            "DROP POLICY owner ON registry.officers",
            "CREATE POLICY made ON registry.officers USING (true)",
            "COPY gate.context_pads TO STDOUT",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('PG_VERSION')",
            "SELECT registry.expunge_content('00000000-0000-4000-8000-000000000000')",
            f'ALTER DATABASE "{name_database(shared)}" SET row_security = off',
            f"ALTER ROLE {login.role_name} BYPASSRLS",
        ]
        for statement in made:
            with pytest.raises(asyncpg.PostgresError):
                await connection.execute(statement)
        assert await connection.fetchval("SELECT current_user::text || session_user::text") == login.role_name * 2
    finally:
        await connection.close()


async def test_no_login_has_a_right_that_goes_round_the_grants(truth: asyncpg.Connection) -> None:
    roles = await truth.fetch(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'probity\\_%' AND rolname <> $1 "
        "AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication OR rolinherit)",
        OWNER_ROLE,
    )
    assert roles == []
    members = await truth.fetch(
        "SELECT pg_get_userbyid(member) AS member, pg_get_userbyid(roleid) AS of FROM pg_auth_members "
        "WHERE pg_get_userbyid(member) = ANY($1)",
        [login.role_name for login in Login],
    )
    assert members == []
    assert await truth.fetchval("SELECT rolbypassrls FROM pg_roles WHERE rolname = $1", OWNER_ROLE) is False


async def test_switching_row_security_off_refuses_instead_of_showing(shared: RunningRegistry) -> None:
    connection = await asyncpg.connect(shared.addresses.by_login[Login.AGENCY])
    try:
        await connection.execute("SET row_security = off")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetchval("SELECT count(id) FROM registry.outcome_series")
    finally:
        await connection.close()


async def test_every_table_about_people_has_row_security_that_binds_its_owner(truth: asyncpg.Connection) -> None:
    rows = await truth.fetch(
        "SELECT format('%s.%s', n.nspname, c.relname) AS name, c.relrowsecurity AND c.relforcerowsecurity AS bound "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('registry', 'audit') AND c.relkind IN ('r', 'p')"
    )
    unbound = {row["name"] for row in rows if not row["bound"]}
    assert unbound == OPEN_TABLES
    assert len(rows) > 30


async def test_the_matcher_alone_reads_the_matching_schema(truth: asyncpg.Connection) -> None:
    rows = await truth.fetch(
        "SELECT r.rolname, c.relname FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'matching' AND c.relkind = 'r' AND r.rolname = ANY($1) "
        "AND has_any_column_privilege(r.rolname, c.oid, 'SELECT')",
        [login.role_name for login in Login],
    )
    assert {row["rolname"] for row in rows} == {Login.MATCHER.role_name}
    assert "birth_dates" in {row["relname"] for row in rows}


async def test_the_importer_writes_birth_dates_and_cannot_read_one_back(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    officer = uuid4()
    connection = await asyncpg.connect(registry.addresses.by_login[Login.IMPORTER])
    insert = "INSERT INTO matching.birth_dates (officer_id, birth_date, precision) VALUES ($1, $2, 'DAY')"
    try:
        await connection.execute(
            "INSERT INTO registry.officers (id, analyst_id, family_name, given_name) VALUES ($1, $2, 'Young', 'Dana')",
            officer,
            uuid4(),
        )
        for tail in (
            " RETURNING birth_date",
            " ON CONFLICT (officer_id) DO UPDATE SET birth_date = excluded.birth_date",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(insert + tail, officer, date(1990, 1, 2))
        await connection.execute(insert, officer, date(1990, 1, 2))
        for statement in (
            "SELECT birth_date FROM matching.birth_dates",
            "SELECT count(*) FROM matching.birth_dates",
            "UPDATE matching.birth_dates SET birth_date = birth_date",
            "DELETE FROM matching.birth_dates",
            "COPY matching.birth_dates TO STDOUT",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
    assert await own_truth.fetchval(
        "SELECT birth_date FROM matching.birth_dates WHERE officer_id = $1", officer
    ) == date(1990, 1, 2)


async def test_the_ledger_reads_and_appends_and_changes_nothing(registry: RunningRegistry) -> None:
    connection = await asyncpg.connect(registry.addresses.by_login[Login.LEDGER])
    try:
        assert await connection.fetchval("SELECT count(*) FROM audit.records") > 0
        for statement in (
            "UPDATE audit.records SET account = 'x'",
            "DELETE FROM audit.items",
            "TRUNCATE audit.items",
            "SELECT count(*) FROM registry.officers",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
