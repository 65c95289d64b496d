"""Someone has a login's password and a context or two that he caught: he gets what each shows while it holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from app.demo.cast import Account
from app.domain.vocabulary import Role
from app.identity.issuer import TokenOrder
from app.storage.logins import LOGIN_OF_ROLE, Login
from tests.access.people import order
from tests.access.second_wall import sign_context
from tests.access.test_session_attacks import EVERYONE, REFUSED, SIGNED_IN, require_refused
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS

# Columns that lead to every row of a table, and tables whose rows hang on others'.
SERIES, PEOPLE, SAID = (
    ("registry.outcome_series", "id"),
    ("registry.officers", "id"),
    ("registry.outcome_contents", "series_id"),
)
TABLES = (SERIES, PEOPLE, SAID, ("registry.stints", "id"), ("registry.holds", "id"))

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


def order_of(person: str) -> TokenOrder:
    """The token of one who asks."""
    found = order(Account.ANALYST.value, Role.DOJ_ANALYST) if person == "analyst" else ASKERS[person]
    assert found is not None
    return found


async def catch(running: RunningRegistry, person: str, **changes: Any) -> str:
    """A context of somebody, as it went to the database."""
    return await sign_context(running, order_of(person), **changes)


def quote(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


async def set_context(connection: asyncpg.Connection, context: str) -> None:
    """Set a context for the whole connection."""
    await connection.execute("SELECT set_config('probity.context', $1, false)", context)


async def list_ids(connection: asyncpg.Connection, table: tuple[str, str]) -> set[Any]:
    """The rows of a table that show under whatever is set."""
    name, column = table
    return {row[0] for row in await connection.fetch(f"SELECT {column} FROM {name}")}


async def list_under(connection: asyncpg.Connection, context: str, table: tuple[str, str]) -> set[Any]:
    """The rows of a table that show under a context."""
    await set_context(connection, context)
    return await list_ids(connection, table)


async def ask_at_once(connection: asyncpg.Connection, *statements: str) -> int:
    """The number of outcomes that show at the end of several statements in one message to the server."""
    told = f"SELECT set_config('mine.told', (SELECT count(id) FROM {SERIES[0]})::text, false)"
    await connection.execute("SELECT set_config('mine.told', '', false)")
    await connection.execute(";\n".join([*statements, told]))
    return int(await connection.fetchval("SELECT current_setting('mine.told')"))


# --- for how long a context holds


@pytest.mark.parametrize("way", ["one message", "a block", "a block that commits"])
async def test_a_context_ends_also_within_one_message(way: str, shared: RunningRegistry, open_as: OpenAs) -> None:
    """A client decides how long his own message takes: the moment at which it came says nothing."""
    connection = await open_as(Login.AGENCY)
    soon = int((datetime.now(UTC) + timedelta(seconds=2)).timestamp())
    context = quote(await catch(shared, "records", expires=soon))
    begin = f"SELECT set_config('probity.context', {context}, false)"
    assert await ask_at_once(connection, begin) > 0
    waits = {
        "one message": ("SELECT pg_sleep(2.1)",),
        "a block": ("DO $$ BEGIN PERFORM pg_sleep(2.1); END $$",),
        "a block that commits": (),
    }
    if waits[way]:
        assert await ask_at_once(connection, begin, *waits[way]) == 0
        return
    await connection.execute(
        f"DO $$ DECLARE found bigint; BEGIN PERFORM set_config('probity.context', {context}, false); "
        "PERFORM pg_sleep(2.1); COMMIT; SELECT count(id) INTO found FROM registry.outcome_series; "
        "PERFORM set_config('mine.told', found::text, false); END $$"
    )
    assert await connection.fetchval("SELECT current_setting('mine.told')") == "0"


@pytest.mark.long
async def test_what_was_verified_is_not_taken_for_longer_than_a_request_lasts(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    connection = await asyncpg.connect(registry.addresses.by_login[Login.AGENCY])
    try:
        opened = f"SELECT gate.open_context({quote(await catch(registry, 'records'))})"
        waiting = asyncio.create_task(ask_at_once(connection, "BEGIN", opened, "SELECT pg_sleep(6)"))
        await asyncio.sleep(1)
        await own_truth.execute(
            "UPDATE registry.grants SET valid = tstzrange(lower(valid), now() - interval '1 minute'), "
            "revoked_by = 'test', revoked_at = now() WHERE account = 'demo-records'"
        )
        assert await waiting == 0
    finally:
        await connection.close()


# --- what was verified once


async def test_what_was_verified_in_one_message_is_worth_nothing_in_the_next(
    shared: RunningRegistry, open_as: OpenAs
) -> None:
    connection = await open_as(Login.AGENCY)
    context = await catch(shared, "records")
    await connection.execute("BEGIN")
    await connection.fetch("SELECT gate.open_context($1)", context)
    settings = ("probity.context", "probity.verified")
    kept = {name: await connection.fetchval("SELECT current_setting($1, true)", name) for name in settings}
    assert kept["probity.context"] == context
    for where in ("transaction", "connection"):
        if where == "connection":
            await connection.execute("COMMIT")
        await connection.execute("SELECT set_config('probity.context', '', false)")
        await connection.execute("SELECT set_config('probity.verified', $1, false)", kept["probity.verified"] or "x")
        for table in TABLES:
            assert await list_ids(connection, table) == set(), (where, table)
    for text in ("x", "(,,,,,,,,)", "()", kept["probity.verified"] or "x"):
        fresh = await open_as(Login.AGENCY)
        await fresh.execute("SELECT set_config('probity.verified', $1, false)", text)
        try:
            assert await list_ids(fresh, SERIES) == set(), text
        except asyncpg.ObjectNotInPrerequisiteStateError:
            continue


async def test_what_was_verified_holds_for_no_other_text(shared: RunningRegistry, open_as: OpenAs) -> None:
    """In one message, too: another account, place, role or set put into what was verified shows nothing."""
    connection = await open_as(Login.AGENCY)
    context = await catch(shared, "records")
    opened = f"SELECT gate.open_context({quote(context)})"
    assert await ask_at_once(connection, "BEGIN", opened, "COMMIT", opened) > 0
    forget = "SELECT set_config('probity.context', '', true)"
    verified = "current_setting('probity.verified', true)"
    for change in (
        f"replace({verified}, 'records_officer', 'agency_head')",
        f"replace({verified}, 'records', 'records ')",
        f"regexp_replace({verified}, '[0-9a-f]{{8}}-', '00000000-')",
        f"{verified} || ' '",
        f"upper({verified})",
        "''",
    ):
        forged = f"SELECT set_config('probity.verified', {change}, true)"
        assert await ask_at_once(connection, "BEGIN", opened, forget, forged, "SAVEPOINT s") == 0, change
        await connection.execute("COMMIT")


async def test_a_context_that_does_not_hold_takes_the_one_before_away(shared: RunningRegistry, open_as: OpenAs) -> None:
    connection = await open_as(Login.AGENCY)
    good = f"SELECT gate.open_context({quote(await catch(shared, 'records'))})"
    for bad in ("''", "NULL", quote("0" * 64 + ":{}"), quote(await catch(shared, "records", agency_id=None))):
        after = f"SELECT gate.open_context({bad})"
        assert await ask_at_once(connection, "BEGIN", good, after) == 0
        await connection.execute("COMMIT")
        assert await ask_at_once(connection, "BEGIN", after, "SAVEPOINT s", good, "ROLLBACK TO s") == 0
        await connection.execute("COMMIT")
        assert await ask_at_once(connection, "BEGIN", good, "SAVEPOINT s", after, "ROLLBACK TO s") > 0
        await connection.execute("COMMIT")


@pytest.mark.parametrize("login", EVERYONE)
async def test_nobody_touches_what_the_gate_remembers_by(
    login: Login, open_as: OpenAs, truth: asyncpg.Connection
) -> None:
    connection = await open_as(login)
    kept = await truth.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('gate', 'registry', 'audit', 'release') AND c.relkind = 'S'"
    )
    assert kept
    for name in (row["name"] for row in kept):
        for statement in (
            f"SELECT setval('{name}', 1)",
            f"SELECT nextval('{name}')",
            f"SELECT currval('{name}')",
            f"SELECT last_value FROM {name}",
            f"ALTER SEQUENCE {name} RESTART",
            f"CREATE SEQUENCE mine OWNED BY {name}",
        ):
            with pytest.raises((*REFUSED, asyncpg.ObjectNotInPrerequisiteStateError, asyncpg.WrongObjectTypeError)):
                await connection.execute(statement)
        for statement in (f"pg_sequence_last_value('{name}')", f"(pg_get_sequence_data('{name}')).last_value"):
            with suppress(asyncpg.InsufficientPrivilegeError):
                assert await connection.fetchval(f"SELECT {statement}") is None
    assert await connection.fetch("SELECT last_value FROM pg_sequences WHERE last_value IS NOT NULL") == []


@pytest.mark.parametrize("login", SIGNED_IN)
async def test_the_gates_own_steps_are_nobodys_to_call(login: Login, truth: asyncpg.Connection) -> None:
    """Of what verifies and remembers, a login may open a context and read the one that is open."""
    steps = await truth.fetch(
        "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'gate' "
        "AND has_function_privilege($1, p.oid, 'EXECUTE') AND (p.prosrc ~ 'context_pads|setval|currval|probity' "
        "OR 'gate.context'::regtype = ANY(p.proargtypes))",
        login.role_name,
    )
    assert {row["proname"] for row in steps} <= {"open_context", "read_context", "find_grant"}


async def test_every_function_of_the_gate_that_a_login_may_call_has_a_fixed_search_path(
    truth: asyncpg.Connection,
) -> None:
    loose = await truth.fetch(
        "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace, pg_roles r "
        "WHERE n.nspname IN ('gate', 'registry') AND r.rolname LIKE 'probity\\_%' AND r.rolname <> 'probity_owner' "
        "AND has_function_privilege(r.oid, p.oid, 'EXECUTE') AND p.prorettype <> 'trigger'::regtype "
        "AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=\"\"']"
    )
    assert loose == []


# --- two contexts at once


PAIRS = (("records", "investigator"), ("investigator", "records"), ("records", "monitor"), ("monitor", "records"))


@pytest.mark.parametrize(("first", "second"), PAIRS)
async def test_a_cursor_that_outlives_its_context_never_mixes_two(
    first: str, second: str, shared: RunningRegistry, open_as: OpenAs
) -> None:
    """The role of one with the place of the other would show what neither may see."""
    connection = await open_as(Login.AGENCY)
    contexts = [await catch(shared, person) for person in (first, second)]
    shown = 0
    for table in TABLES:
        alone: set[Any] = set()
        for context in contexts:
            alone |= await list_under(connection, context, table)
        await connection.execute("BEGIN")
        await set_context(connection, contexts[0])
        await connection.execute(f"DECLARE mine CURSOR FOR SELECT {table[1]} FROM {table[0]}")
        fetched = list(await connection.fetch("FETCH 1 FROM mine"))
        for context in (contexts[1], contexts[0], contexts[1]):
            await set_context(connection, context)
            fetched += await connection.fetch("FETCH 3 FROM mine")
        fetched += await connection.fetch("FETCH ALL FROM mine")
        await connection.execute("COMMIT")
        assert {row[0] for row in fetched} <= alone, table
        shown += len(fetched)
    assert shown > 0


@pytest.mark.parametrize(("first", "second"), PAIRS[:2])
async def test_a_statement_that_changes_its_own_context_mixes_nothing(
    first: str, second: str, shared: RunningRegistry, open_as: OpenAs
) -> None:
    connection = await open_as(Login.AGENCY)
    contexts = [await catch(shared, person) for person in (first, second)]
    shown = 0
    for name, column in TABLES:
        alone: set[Any] = set()
        for context in contexts:
            alone |= await list_under(connection, context, (name, column))
        for change in ("set_config('probity.context', $1, false)", "(gate.open_context($1)).role"):
            await set_context(connection, contexts[0])
            for statement in (
                f"SELECT {column}, {change} FROM {name}",
                f"SELECT {column} FROM {name} WHERE {change} IS NOT NULL",
                f"SELECT t.{column} FROM (VALUES (1), (2)) v, LATERAL (SELECT {change} AS c OFFSET 0) s, "
                f"LATERAL (SELECT {column} FROM {name} WHERE s.c IS NOT NULL) t",
            ):
                rows = await connection.fetch(statement, contexts[1])
                assert {row[0] for row in rows} <= alone, (name, statement)
                shown += len(rows)
    assert shown > 0


async def test_a_prepared_statement_shows_what_the_context_of_its_execution_shows(
    shared: RunningRegistry, open_as: OpenAs
) -> None:
    connection = await open_as(Login.AGENCY)
    contexts = [await catch(shared, person) for person in ("records", "investigator", "monitor")]
    for plans in ("force_generic_plan", "auto"):
        await connection.execute(f"SET plan_cache_mode = {plans}")
        for name, column in (SERIES, PEOPLE):
            statement = await connection.prepare(f"SELECT {column} FROM {name}")
            for context in (*contexts * 3, ""):
                expected = await list_under(connection, context, (name, column))
                assert {row[0] for row in await statement.fetch()} == expected
                assert bool(expected) is bool(context)


# --- everything else that a client can do with rows


async def test_errors_of_a_condition_tell_nothing_of_rows_behind_the_wall(
    shared: RunningRegistry, open_as: OpenAs, truth: asyncpg.Connection
) -> None:
    """A condition that fails on a row is asked of rows that show, and of no others."""
    contexts = {
        Login.AGENCY: await catch(shared, "investigator"),
        Login.POST: await catch(shared, "post"),
        Login.OFFICER: await catch(shared, "officer"),
    }
    checked = 0
    for login, context in contexts.items():
        connection = await open_as(login)
        for (name, column), text in ((SERIES, "lifecycle"), (PEOPLE, "family_name"), (SAID, "action_date")):
            if not await truth.fetchval(
                "SELECT has_column_privilege($1, $2::text, $3, 'SELECT')", login.role_name, name, text
            ):
                continue
            shown = await list_under(connection, context, (name, column))
            hidden = await truth.fetchval(f"SELECT {column} FROM {name} WHERE {column} <> ALL($1)", list(shown))
            assert hidden is not None
            for statement in (
                f"SELECT 1 FROM {name} WHERE {column} = $1 AND ({text}::text)::int = 1",
                f"SELECT 1 FROM {name} WHERE CASE WHEN {column} = $1 THEN 1 / (length({text}::text) * 0) = 1 END",
                f"SELECT count({text}) FROM {name} WHERE {column} = $1 HAVING count({text}) > 0",
                f"SELECT 1 FROM {name} TABLESAMPLE SYSTEM (100) WHERE {column} = $1",
                f"SELECT 1 FROM {name} WHERE {column} = $1 AND pg_advisory_lock(length({text}::text)) IS NOT NULL",
            ):
                assert await connection.fetch(statement, hidden) == [], statement
                checked += 1
        assert await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == 0
    assert checked >= 30


@pytest.mark.parametrize("login", SIGNED_IN)
async def test_nothing_is_copied_out_without_a_context(
    login: Login, open_as: OpenAs, truth: asyncpg.Connection
) -> None:
    connection = await open_as(login)
    tables = await truth.fetch(
        "SELECT n.nspname AS schema, c.relname AS name, min(a.attname) AS column FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
        "WHERE n.nspname IN ('registry', 'audit', 'counted') AND (c.relrowsecurity OR n.nspname = 'counted') "
        "AND has_schema_privilege($1, n.oid, 'USAGE') AND has_column_privilege($1, c.oid, a.attnum, 'SELECT') "
        "GROUP BY 1, 2",
        login.role_name,
    )
    copied = bytearray()

    async def keep(data: bytes) -> None:
        copied.extend(data)

    for row in tables:
        name = f"{row['schema']}.{row['name']}"
        await connection.copy_from_query(f"SELECT {row['column']} FROM {name}", output=keep)
        if row["schema"] != "counted":
            columns = [row["column"]]
            await connection.copy_from_table(row["name"], schema_name=row["schema"], columns=columns, output=keep)
    assert bytes(copied) == b""
    assert len(tables) > 0


async def test_no_reader_may_make_what_a_name_could_be_taken_for(
    template: str, truth: asyncpg.Connection, open_as: OpenAs
) -> None:
    """Temporary tables, types and functions come before all others of their names; only the importer makes any."""
    for login in SIGNED_IN:
        # Asked of the database that the upgrade made: a copy does not keep who may connect and make what.
        assert not await truth.fetchval("SELECT has_database_privilege($1, $2, 'TEMPORARY')", login.role_name, template)
        connection = await open_as(login)
        for statement in (
            "CREATE TABLE public.outcome_series (id uuid)",
            "CREATE FUNCTION public.read_context() RETURNS text LANGUAGE sql AS 'SELECT 1::text'",
            "CREATE OPERATOR public.= (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)",
        ):
            await require_refused(connection, statement)


async def test_contexts_are_in_no_statement_that_others_of_the_login_can_read(
    shared: RunningRegistry, open_as: OpenAs
) -> None:
    """The activity of a login is shown to every connection of it: a context there could be caught by any of them."""
    await shared.ask("records", "{ outcomes(first: 3) { nodes { id } } }")
    for login in SIGNED_IN:
        connection = await open_as(login)
        rows = await connection.fetch(
            "SELECT query FROM pg_stat_activity WHERE usename = session_user AND pid <> pg_backend_pid()"
        )
        assert [row["query"] for row in rows if '"policy"' in row["query"] or '"login"' in row["query"]] == []


async def test_notices_and_locks_carry_nothing_between_logins(shared: RunningRegistry, open_as: OpenAs) -> None:
    """Two logins that conspire may pass each other what they know; the registry's own work tells them nothing."""
    heard: list[Any] = []
    listener = await open_as(Login.POST)
    channels = ("policy", "audit", "outcomes", "grants", "probity")

    def hear(*told: Any) -> None:
        heard.append(told)

    for channel in channels:
        await listener.add_listener(channel, hear)
    await shared.ask("records", "{ outcomes(first: 3) { nodes { id } } }")
    await listener.fetchval("SELECT 1")
    assert heard == []
    held = await listener.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    assert held == 0
    for channel in channels:
        await listener.remove_listener(channel, hear)


# --- in parallel


PARALLEL = (
    "SET debug_parallel_query = on",
    "SET parallel_setup_cost = 0",
    "SET parallel_tuple_cost = 0",
    "SET min_parallel_table_scan_size = 0",
    "SET max_parallel_workers_per_gather = 2",
)


async def count_all(connection: asyncpg.Connection, tables: Sequence[str]) -> dict[str, int]:
    """How many rows of each table or view show."""
    return {name: len(await connection.fetch(f"SELECT id FROM {name}")) for name in tables}


async def has_workers(connection: asyncpg.Connection, table: str) -> bool:
    """Whether a plan over a table is made for workers, and they came."""
    told = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) SELECT id FROM {table}")
    return '"Workers Launched": 0' not in told and '"Workers Launched"' in told


@pytest.mark.parametrize(
    ("person", "tables"),
    [
        ("analyst", ("counted.outcomes", "counted.stints", "registry.outcome_series")),
        ("records", ("registry.outcome_series", "registry.officers", "registry.stints")),
        ("post", ("registry.outcome_series", "registry.officers", "registry.stints")),
    ],
)
async def test_workers_of_a_parallel_plan_see_what_one_process_sees(
    person: str, tables: Sequence[str], shared: RunningRegistry, open_as: OpenAs
) -> None:
    login = LOGIN_OF_ROLE[order_of(person).role]
    connection = await open_as(login)
    context = await catch(shared, person)
    ways: dict[str, dict[str, int]] = {}
    for setting in ("one process", "parallel"):
        if setting == "parallel":
            for statement in PARALLEL:
                await connection.execute(statement)
        async with connection.transaction():
            await connection.execute("SELECT set_config('probity.context', $1, true)", context)
            ways[setting] = await count_all(connection, tables)
            # Tables whose rows are judged one by one are read in one process, whatever a client would have.
            if person == "analyst":
                assert await has_workers(connection, tables[0]) is (setting == "parallel")
        # What was verified by one process is told by no other: there it shows the same, or fails.
        with suppress(asyncpg.ObjectNotInPrerequisiteStateError):
            async with connection.transaction():
                await connection.fetch("SELECT gate.open_context($1)", context)
                ways[f"{setting}, verified"] = await count_all(connection, tables)
    first, *others = ways.values()
    assert all(first.values())
    assert [each for each in others if each != first] == []
    await connection.execute("SELECT set_config('probity.context', '', false)")
    assert set((await count_all(connection, tables)).values()) == {0}
