"""Loading is all or nothing, in demo mode, into an empty registry, with every constraint held."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.domain.content import proves_content
from app.domain.identifier_tokens import tokenise_last_four
from app.errors import ImportRefused, SetupRefused
from app.registry.world.exchange import TOKEN_KEY, load_world
from app.registry.world.kinds import list_tables
from app.registry.world.outcome_completion import read_content
from app.settings import Mode, Settings
from app.storage.secrets import Secrets
from tests.worlds.lines import (
    HEADER,
    LATER,
    NOW,
    OFFICER,
    OTHER,
    SERIES,
    Line,
    encode,
    find_line,
    full_lines,
    load,
    make_id,
)


async def _count(connection: asyncpg.Connection, table: str) -> int:
    return int(await connection.fetchval(f"SELECT count(*) FROM {table}"))


async def test_a_load_reports_the_lines_of_each_kind(owner: asyncpg.Connection, settings: Settings) -> None:
    counts = await load(owner, settings, encode(full_lines()))
    assert counts["officer"] == 2
    assert counts["notice"] == 3
    assert sum(counts.values()) == len(full_lines()) - 1
    assert await _count(owner, "registry.officers") == 2


async def test_the_status_history_is_the_worlds_own(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode(full_lines()))
    rows = await owner.fetch(
        "SELECT lifecycle, lower(recorded) AS since FROM registry.outcome_statuses WHERE series_id = $1 ORDER BY since",
        UUID(SERIES),
    )
    assert [(row["lifecycle"], row["since"]) for row in rows] == [
        ("CLEARED", datetime(2025, 1, 1, 8, tzinfo=UTC)),
        ("VOIDED", datetime(2025, 3, 2, 8, tzinfo=UTC)),
    ]
    derived = await owner.fetch("SELECT * FROM registry.outcome_statuses WHERE series_id = $1", UUID(LATER))
    assert [(row["lifecycle"], row["recorded"].lower, row["recorded"].upper) for row in derived] == [
        ("EXPUNGED", datetime(2025, 1, 1, 8, tzinfo=UTC), None)
    ]


async def test_after_a_load_the_trigger_writes_history_again(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode(full_lines()))
    assert await owner.fetchval("SELECT current_setting('probity.loading', true)") in (None, "")


async def test_commitments_prove_what_was_loaded(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode(full_lines()))
    rows = await owner.fetch(
        "SELECT v.content_commitment, c.* FROM registry.outcome_versions v "
        "JOIN registry.outcome_contents c USING (series_id, version)"
    )
    assert len(rows) == 2
    for row in rows:
        assert proves_content(row["content_commitment"], row["commitment_salt"], read_content(row))


async def test_an_ssn_is_kept_as_a_token_of_this_installation_alone(
    owner: asyncpg.Connection, settings: Settings
) -> None:
    await load(owner, settings, encode(full_lines()))
    row = await owner.fetchrow(
        "SELECT value, value_token FROM registry.officer_identifiers WHERE officer_id = $1", UUID(OTHER)
    )
    key = Secrets(settings.home).get_or_create(TOKEN_KEY).encode()
    assert row is not None
    assert row["value"] is None
    assert row["value_token"] == tokenise_last_four(key, UUID(OTHER), "1234")


async def test_a_clock_moves_the_registrys_time(owner: asyncpg.Connection, settings: Settings) -> None:
    header: Line = {**HEADER, "clock": "2031-05-06T07:08:09Z"}
    await load(owner, settings, encode([header, *full_lines()[1:]]))
    time = await owner.fetchval("SELECT now() + clock_offset FROM gate.installation")
    assert abs(time - datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)) < timedelta(minutes=1)


async def test_a_world_of_a_header_alone_loads(owner: asyncpg.Connection, settings: Settings) -> None:
    assert sum((await load(owner, settings, encode([HEADER]))).values()) == 0


async def test_a_registry_that_is_not_empty_is_left_alone(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode(full_lines()))
    with pytest.raises(SetupRefused, match="the registry is not empty"):
        await load(owner, settings, encode([HEADER]))


async def test_a_tribe_alone_makes_a_registry_not_empty(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode(full_lines()[:2]))
    with pytest.raises(SetupRefused, match="the registry is not empty"):
        await load(owner, settings, encode([HEADER]))


async def test_production_loads_no_world(owner: asyncpg.Connection, settings: Settings) -> None:
    production = dataclasses.replace(settings, mode=Mode.PRODUCTION)
    with pytest.raises(SetupRefused, match="demo mode"):
        await load(owner, production, encode(full_lines()))
    await owner.execute("UPDATE gate.installation SET touched_by_production = true")
    with pytest.raises(SetupRefused, match="production"):
        await load(owner, settings, encode(full_lines()))


async def test_a_refused_line_leaves_nothing_of_the_ones_before(owner: asyncpg.Connection, settings: Settings) -> None:
    lines = [*encode(full_lines()), b'{"kind":"spell"}\n']
    with pytest.raises(ImportRefused, match=f"line {len(lines)}: kind"):
        await load(owner, settings, lines)
    for table in ("registry.agencies", "registry.officers", "matching.birth_dates", "audit.records"):
        assert await _count(owner, table) == 0
    assert await _count(owner, "registry.jurisdictions WHERE level = 'TRIBAL'") == 0


def _another_officer(**changes: object) -> Line:
    return {"kind": "officer", "id": make_id(2, 3), "name": {"family": "Jones", "given": "Ann"}, **changes}


STRAY = make_id(0xDEAD, 1)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (_another_officer(id=OFFICER), "it repeats what an earlier line holds"),
        (_another_officer(merged_into=OFFICER), "it breaks the rule ck_officers_merged_names_its_target"),
        (_another_officer(merged_into=STRAY, status="MERGED"), "its merged_into is on no earlier line"),
        (
            _another_officer(birth={"date": "1980-03-02", "precision": "YEAR"}),
            "it breaks the rule ck_birth_dates_precision_honest",
        ),
        (
            {"kind": "stint", "id": make_id(3, 2), "officer": STRAY, "agency": STRAY, "is_current": True},
            "is on no earlier line",
        ),
        (
            {"kind": "agency", "id": STRAY, "name": "X", "agency_kind": "FEDERAL", "jurisdiction": "99999"},
            "its jurisdiction_id is on no earlier line",
        ),
        (
            {
                "kind": "grant",
                "account": "someone",
                "role": "records_officer",
                "agency": make_id(1, 1),
                "state": "WA",
                "officer": OFFICER,
                "from": "2025-01-15T08:00:00Z",
                "granted_by": "head",
            },
            "it overlaps in time what an earlier line holds",
        ),
        (
            {
                "kind": "grant",
                "account": "me",
                "role": "records_officer",
                "agency": make_id(1, 1),
                "from": "2025-01-15T08:00:00Z",
                "granted_by": "me",
            },
            "it breaks the rule ck_grants_not_to_oneself",
        ),
    ],
)
async def test_what_the_database_refuses_is_told_by_its_line(
    owner: asyncpg.Connection, settings: Settings, extra: Line, said: str
) -> None:
    lines = encode([*full_lines(), extra])
    with pytest.raises(ImportRefused) as caught:
        await load(owner, settings, lines)
    message = str(caught.value)
    assert message.startswith(f"line {len(lines)}: ")
    assert said in message
    assert STRAY not in message
    assert OFFICER not in message
    assert await _count(owner, "registry.officers") == 0


async def test_the_line_is_found_among_thousands(owner: asyncpg.Connection, settings: Settings) -> None:
    officers = [
        {"kind": "officer", "id": make_id(40, i), "name": {"family": "Jones", "given": "Ann"}} for i in range(3000)
    ]
    officers[1234]["id"] = officers[77]["id"]
    with pytest.raises(ImportRefused, match=r"^line 1236: it repeats what an earlier line holds \(pk_officers\)"):
        await load(owner, settings, encode([HEADER, *officers]))


async def test_lifted_row_security_is_back_after_a_load(owner: asyncpg.Connection, settings: Settings) -> None:
    """COPY is not possible under forced row security, which binds the owner too."""
    await _force(owner, "registry.officers")
    forced = await owner.fetch(FORCED)
    await load(owner, settings, encode(full_lines()))
    assert await owner.fetch(FORCED) == forced
    with pytest.raises(ImportRefused):
        await load(await _emptied(owner), settings, [*encode(full_lines()), b"{}"])
    assert await owner.fetch(FORCED) == forced


FORCED = "SELECT oid FROM pg_class WHERE relforcerowsecurity AND relrowsecurity ORDER BY oid"


async def _force(connection: asyncpg.Connection, table: str) -> None:
    await connection.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")


async def _emptied(connection: asyncpg.Connection) -> asyncpg.Connection:
    """The registry without its rows, against every guard that the owner can take away."""
    async with connection.transaction():
        for table in reversed(list_tables()):
            await connection.execute(f"ALTER TABLE {table.fullname} DISABLE TRIGGER USER")
            kept = "level <> 'TRIBAL'" if table.name == "jurisdictions" else "false"
            await connection.execute(f"DELETE FROM {table.fullname} WHERE NOT ({kept})")
            await connection.execute(f"ALTER TABLE {table.fullname} ENABLE TRIGGER USER")
    return connection


async def test_a_registry_whose_rows_the_owner_cannot_see_is_not_taken_for_empty(
    owner: asyncpg.Connection, settings: Settings
) -> None:
    await load(owner, settings, encode(full_lines()))
    for table in list_tables():
        await _force(owner, table.fullname)
        await owner.execute(f"DROP POLICY IF EXISTS owner ON {table.fullname}")
    assert await _count(owner, "registry.officers") == 0
    with pytest.raises(SetupRefused, match="the registry is not empty"):
        await load(owner, settings, encode([HEADER]))


async def test_planner_statistics_are_fresh_after_a_load(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode(full_lines()))
    assert await owner.fetchval("SELECT reltuples FROM pg_class WHERE oid = 'registry.officers'::regclass") == 2


async def test_defaults_are_those_of_the_moment_and_the_source_of_ids(
    owner: asyncpg.Connection, settings: Settings
) -> None:
    lines = full_lines()
    agency = find_line(lines, "agency")
    await load_world(
        owner,
        settings,
        encode([HEADER, *[line for line in lines if line["kind"] == "jurisdiction"], agency]),
        clock=lambda: NOW,
        ids=lambda: UUID(make_id(0xFFFF, 1)),
    )
    assert await owner.fetchval("SELECT recorded_at FROM registry.agencies") == NOW
