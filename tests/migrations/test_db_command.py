"""`probity db`: upgrades, tells how the database stands, and keeps the written part of the grants.

The command is run as a person would run it, against a database of the test's own.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from app import __main__ as command
from app.cli import db
from app.errors import SetupRefused
from app.settings import Settings
from app.storage.cluster import Addresses
from app.storage.logins import LOGIN_OF_ROLE, Login


@pytest.fixture
def own_settings(blank: Addresses, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings that the command reads: the blank database, and a copy of the data directories."""
    for name in ("policies", "migrations", "graphql"):
        shutil.copytree(settings.root / name, tmp_path / name)
    own = replace(settings, owner_url=blank.require_owner(), root=tmp_path)
    monkeypatch.setattr(db, "read_settings", lambda _: own)
    return own


def test_a_database_is_behind_until_it_is_upgraded(own_settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["db", "status", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["revision"] is None
    assert told["is_current"] is False
    assert command.main(["db", "upgrade"]) == 0
    assert f"at revision {told['head']}" in capsys.readouterr().out
    assert command.main(["db", "status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["is_current"] is True
    assert told["revision"] == told["head"]
    assert told["policy_sha256"] == told["served_policy_sha256"]
    assert command.main(["db", "upgrade"]) == 0
    assert command.main(["db", "status"]) == 0


def test_a_database_of_another_policy_is_not_current(
    own_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["db", "upgrade"]) == 0
    rules = own_settings.root / "policies" / "rules" / "hiring_investigator.csv"
    text = rules.read_text("ascii")
    rules.write_text("".join(line for line in text.splitlines(keepends=True) if "HIR-10" not in line), "ascii")
    capsys.readouterr()
    assert command.main(["db", "status"]) == 1
    said = capsys.readouterr()
    assert "(served: " in said.out
    assert "run probity db upgrade" in said.err
    assert command.main(["db", "upgrade"]) == 0
    assert command.main(["db", "status"]) == 0


def test_the_grants_of_this_checkout_are_what_the_policy_needs(settings: Settings) -> None:
    text = (settings.root / "migrations" / "grants.sql").read_text("utf-8")
    assert db.put_grants(text, db.find_column_grants(settings)) == text, "run: probity db grants"


def test_grants_that_were_edited_by_hand_are_found_and_written_anew(
    own_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own_settings.root / "migrations" / "grants.sql"
    text = path.read_text("utf-8")
    assert command.main(["db", "grants", "--check"]) == 0
    path.write_text(text.replace("family_name, given_name", "family_name, analyst_id, given_name"), "utf-8")
    assert command.main(["db", "grants", "--check"]) == 1
    assert "run probity db grants" in capsys.readouterr().err
    assert "analyst_id" in path.read_text("utf-8")
    assert command.main(["db", "grants"]) == 0
    assert path.read_text("utf-8") == text


def test_grants_without_their_marks_are_refused() -> None:
    with pytest.raises(SetupRefused, match="has lost the marks"):
        db.put_grants("GRANT USAGE ON SCHEMA registry TO probity_agency;\n", [])


def test_written_grants_fit_the_page_and_say_the_same(settings: Settings) -> None:
    statements = db.find_column_grants(settings)
    written = db.put_grants(
        "-- begin: written by `probity db grants`\n-- end: written by `probity db grants`\n", statements
    )
    lines = written.splitlines()[1:-1]
    assert max(map(len, lines)) <= 120
    assert "".join(" ".join(lines).split()) == "".join(" ".join(statements).split())


async def test_a_right_that_no_line_gives_is_taken_away_by_the_next_upgrade(
    addresses: Addresses, owner: asyncpg.Connection, settings: Settings
) -> None:
    stray = "SELECT has_column_privilege('probity_agency', 'matching.birth_dates', 'birth_date', 'SELECT')"
    await owner.execute("GRANT SELECT (birth_date) ON matching.birth_dates TO probity_agency")
    await owner.execute("GRANT DELETE ON registry.officers TO probity_command")
    assert await owner.fetchval(stray)
    await owner.execute((settings.root / "migrations" / "grants.sql").read_text("utf-8"))
    assert not await owner.fetchval(stray)
    assert not await owner.fetchval("SELECT has_table_privilege('probity_command', 'registry.officers', 'DELETE')")


async def read_rights(owner: asyncpg.Connection) -> set[tuple[str, str, str]]:
    """Who holds which right on which table or column of a table, as (login, table, right)."""
    rows = await owner.fetch(
        "SELECT DISTINCT grantee, table_schema || '.' || table_name AS name, privilege_type FROM ("
        "SELECT grantee, table_schema, table_name, privilege_type FROM information_schema.role_table_grants UNION ALL "
        "SELECT grantee, table_schema, table_name, privilege_type FROM information_schema.role_column_grants) g "
        "WHERE table_schema IN ('registry', 'release', 'matching', 'audit', 'gate') AND grantee <> 'probity_owner'"
    )
    return {tuple(row) for row in rows}


async def test_no_login_may_do_what_no_login_should(owner: asyncpg.Connection) -> None:
    rights = await read_rights(owner)
    assert len(rights) > 50
    assert {right for _, _, right in rights} == {"SELECT", "INSERT", "UPDATE"}
    assert {login for login, name, right in rights if name.startswith("matching.") and right == "SELECT"} == {
        Login.MATCHER.role_name
    }
    assert {name.partition(".")[0] for login, name, _ in rights if login == Login.PUBLIC.role_name} == {"release"}
    assert {name for _, name, _ in rights if name.startswith("gate.")} == set()
    assert {right for _, name, right in rights if name.startswith("audit.")} == {"SELECT", "INSERT"}
    readers = {login.role_name for login in set(LOGIN_OF_ROLE.values())}
    assert {right for login, _, right in rights if login in readers} == {"SELECT"}
    assert {login for login, _, _ in rights} <= {login.role_name for login in Login}


async def test_no_function_of_the_gate_is_open_to_everyone(owner: asyncpg.Connection) -> None:
    open_to_all = await owner.fetch(
        "SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname = 'gate' AND (p.proacl IS NULL OR EXISTS ("
        "SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))"
    )
    assert [row["name"] for row in open_to_all] == []


async def test_whatever_runs_with_the_owners_rights_names_its_tables_in_full(owner: asyncpg.Connection) -> None:
    loose = await owner.fetch(
        "SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname IN ('gate', 'registry') AND p.prosecdef "
        "AND NOT coalesce('search_path=\"\"' = ANY(p.proconfig), false)"
    )
    assert [row["name"] for row in loose] == []


async def test_every_table_about_people_has_row_security_that_binds_its_owner(owner: asyncpg.Connection) -> None:
    bare = await owner.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('registry', 'audit') AND c.relkind = 'r' "
        "AND NOT (c.relrowsecurity AND c.relforcerowsecurity)"
    )
    assert {row["name"] for row in bare} == {
        "registry.jurisdictions",
        "registry.agencies",
        "registry.agency_oris",
        "registry.credentialing_bodies",
    }
