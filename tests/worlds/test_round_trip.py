"""A dump loads to an equal registry, byte for byte: the dump of that registry is the same dump."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing

import asyncpg
import pytest

from app.demo.population.generate import PopulationPlan, write_population
from app.demo.story import write_story
from app.errors import SetupRefused
from app.registry.world.exchange import dump_world, list_left_out
from app.registry.world.kinds import KINDS, list_tables
from app.settings import Mode, Settings
from app.storage.ledger.chain_reader import verify_chains
from app.storage.logins import Login
from tests.worlds.lines import HEADER, NOW, Line, dump, encode, full_lines, load, make_id

Connect = Callable[[Login], Awaitable[asyncpg.Connection]]
POPULATION = PopulationPlan(seed=7, agencies=40, officers=1500, now=NOW)


async def _fingerprint(connection: asyncpg.Connection) -> dict[str, str]:
    """A digest of each table's whole content, whatever the order of its rows."""
    found = {}
    for table in list_tables():
        rows = await connection.fetch(f"SELECT t::text AS row FROM {table.fullname} t")
        found[table.fullname] = hashlib.sha256("\n".join(sorted(row["row"] for row in rows)).encode()).hexdigest()
    return found


@pytest.mark.parametrize(
    "world",
    [
        pytest.param(lambda: encode(full_lines()), id="every key of every kind"),
        pytest.param(lambda: list(write_story(NOW)), id="the demonstration's story"),
        pytest.param(lambda: list(write_population(POPULATION)), id="an invented population"),
    ],
)
async def test_a_dump_loads_to_an_equal_registry(
    owner: asyncpg.Connection, other_owner: asyncpg.Connection, settings: Settings, world: Iterable[bytes]
) -> None:
    lines = world()
    counts = await load(owner, settings, lines)
    first = await dump(owner, settings)
    assert await load(other_owner, settings, first.splitlines(keepends=True)) == counts
    assert await dump(other_owner, settings) == first
    assert await _fingerprint(other_owner) == await _fingerprint(owner)
    assert first.count(b"\n") == len(lines)


async def test_a_dump_of_a_dump_has_every_value_that_the_lines_gave(
    owner: asyncpg.Connection, settings: Settings
) -> None:
    await load(owner, settings, encode(full_lines()))
    dumped = [json.loads(line) for line in (await dump(owner, settings)).splitlines()]
    by_key = {_name(line): line for line in dumped}
    for line in full_lines():
        assert _has(by_key[_name(line)], line), _name(line)


def _name(line: Line) -> tuple[str, ...]:
    return (line["kind"], str(line.get("id") or line.get("code") or line.get("from")))


def _has(whole: object, part: object) -> bool:
    """Whether `whole` says everything that `part` says, the digits of an SSN excepted."""
    if isinstance(part, dict):
        assert isinstance(whole, dict)
        return all(name in whole and _has(whole[name], value) for name, value in part.items() if name != "last4")
    if isinstance(part, list):
        assert isinstance(whole, list)
        return len(whole) == len(part) and all(map(_has, whole, part))
    return whole == part


async def test_a_dump_writes_the_kinds_in_the_order_of_the_format(
    owner: asyncpg.Connection, settings: Settings
) -> None:
    await load(owner, settings, encode(full_lines()))
    kinds = [json.loads(line)["kind"] for line in (await dump(owner, settings)).splitlines()]
    order = ["world", *(kind.name for kind in KINDS)]
    assert kinds == sorted(kinds, key=order.index)


async def test_a_dump_writes_no_digits_of_an_ssn(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode(full_lines()))
    dumped = await dump(owner, settings)
    assert b"last4" not in dumped
    assert dumped.count(b'"token":') == 2


async def test_parents_are_written_before_their_children(
    owner: asyncpg.Connection, other_owner: asyncpg.Connection, settings: Settings
) -> None:
    """Ids run against the hierarchy here, so that an order by id alone would not load."""
    agencies: list[Line] = [
        {
            "kind": "agency",
            "id": make_id(1, 99 - depth),
            "name": f"Level {depth}",
            "agency_kind": "LOCAL_POLICE",
            "jurisdiction": "WA",
            **({"parent": make_id(1, 100 - depth)} if depth else {}),
        }
        for depth in range(12)
    ]
    await load(owner, settings, encode([HEADER, *agencies]))
    dumped = await dump(owner, settings)
    assert [json.loads(line)["name"] for line in dumped.splitlines()[1:]] == [f"Level {depth}" for depth in range(12)]
    await load(other_owner, settings, dumped.splitlines(keepends=True))


async def test_rows_that_refer_to_each_other_in_a_circle_are_not_passed_over(
    owner: asyncpg.Connection, settings: Settings
) -> None:
    await load(owner, settings, encode(full_lines()))
    await owner.execute("UPDATE registry.agencies SET parent_id = id")
    with pytest.raises(SetupRefused, match="in a circle"):
        await dump(owner, settings)


@pytest.mark.parametrize(
    ("policy", "is_seen"),
    [
        ("AS PERMISSIVE FOR ALL TO CURRENT_USER USING (true)", True),
        ("AS PERMISSIVE FOR SELECT TO PUBLIC USING (true)", True),
        ("AS PERMISSIVE FOR ALL TO CURRENT_USER USING (family_name <> 'Smith')", False),
        ("AS PERMISSIVE FOR UPDATE TO CURRENT_USER USING (true)", False),
        ("AS RESTRICTIVE FOR ALL TO CURRENT_USER USING (true)", False),
        (None, False),
    ],
)
async def test_a_dump_fails_where_row_security_might_hide_a_row_from_it(
    owner: asyncpg.Connection, settings: Settings, policy: str | None, is_seen: bool
) -> None:
    await load(owner, settings, encode(full_lines()))
    before = await dump(owner, settings)
    await owner.execute("ALTER TABLE registry.officers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    await owner.execute("DROP POLICY IF EXISTS owner ON registry.officers")
    if policy is not None:
        await owner.execute(f"CREATE POLICY owner ON registry.officers {policy}")
    if is_seen:
        assert await dump(owner, settings) == before
        return
    with pytest.raises(SetupRefused, match="row policies hide rows"):
        await dump(owner, settings)


async def test_a_dump_keeps_nobody_waiting(owner: asyncpg.Connection, settings: Settings, connect: Connect) -> None:
    await load(owner, settings, encode(full_lines()))
    async with aclosing(dump_world(owner, settings, clock=lambda: NOW)) as lines:
        await anext(lines)
        other = await connect(Login.IMPORTER)
        async with asyncio.timeout(5):
            await other.execute("SELECT count(*) FROM registry.agencies")


async def test_production_is_not_dumped(owner: asyncpg.Connection, settings: Settings) -> None:
    with pytest.raises(SetupRefused, match="demo mode"):
        await dump(owner, dataclasses.replace(settings, mode=Mode.PRODUCTION))


async def test_what_no_world_can_hold_is_named(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode(full_lines()))
    assert await list_left_out(owner) == []
    await owner.execute(
        "INSERT INTO registry.import_batches (id, kind, source, file_sha256, mapping_sha256, transaction_scope, counts)"
        " VALUES (gen_random_uuid(), 'agencies', 'x', '', '', 'rows', '{}')"
    )
    assert await list_left_out(owner) == ["registry.import_batches"]


async def test_a_moved_clock_is_dumped_as_the_registrys_time(owner: asyncpg.Connection, settings: Settings) -> None:
    await load(owner, settings, encode([HEADER]))
    assert await dump(owner, settings) == b'{"kind":"world","version":1}\n'
    await owner.execute("UPDATE gate.installation SET clock_offset = interval '3 days'")
    assert await dump(owner, settings) == b'{"kind":"world","version":1,"clock":"2026-03-04T12:00:00Z"}\n'


async def test_the_audit_chain_of_a_world_verifies(
    owner: asyncpg.Connection, settings: Settings, addresses: object
) -> None:
    await load(owner, settings, encode(full_lines()))
    report = await verify_chains(addresses.require_owner(), expected=(), with_items=True)  # type: ignore[attr-defined]
    assert report.is_intact
    assert (report.chains, report.records, report.items) == (1, 2, 2)
