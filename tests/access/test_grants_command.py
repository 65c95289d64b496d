"""`probity grants`: registrars and auditors come from the operator's hand, recorded, and are ended by it."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.__main__ import main
from app.cli import grants
from app.settings import Settings
from app.storage.cluster import Addresses

Run = Callable[..., Awaitable[int]]
Capture = pytest.CaptureFixture[str]
REGISTRAR = ("give", "--account", "first-registrar", "--role", "registrar")


@pytest.fixture
def run(addresses: Addresses, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command against a database of its own and gives the exit code."""
    monkeypatch.setenv("PROBITY_MODE", "demo")
    monkeypatch.setenv("PROBITY_HOME", str(settings.home))
    monkeypatch.setenv("PROBITY_DATABASE_URL", addresses.require_owner())

    def run_words(words: tuple[str, ...]) -> int:
        try:
            return main(["grants", *words])
        except SystemExit as ended:
            return int(ended.code or 0)

    async def run_command(*words: str) -> int:
        # The command has an event loop of its own, so it runs in a thread of its own.
        return await asyncio.to_thread(run_words, words)

    return run_command


async def add_places(owner: asyncpg.Connection) -> tuple[str, UUID]:
    """An agency with an ORI, a body and an officer: the ORI and the officer."""
    agency, officer = uuid4(), uuid4()
    await owner.execute(
        "INSERT INTO registry.agencies (id, jurisdiction_id, name, kind) "
        "SELECT $1, id, 'Coined Tribal Police', 'TRIBAL' FROM registry.jurisdictions WHERE code = 'US'",
        agency,
    )
    await owner.execute("INSERT INTO registry.agency_oris (ori, agency_id) VALUES ('WA9990900', $1)", agency)
    await owner.execute(
        "INSERT INTO registry.credentialing_bodies (id, name, states) VALUES ($1, 'Fernhollow Review Board', $2)",
        uuid4(),
        ["WA"],
    )
    await owner.execute(
        "INSERT INTO registry.officers (id, analyst_id, family_name, given_name) VALUES ($1, $2, 'Baker', 'Robin')",
        officer,
        uuid4(),
    )
    return "WA9990900", officer


async def test_a_role_is_given_listed_ended_and_recorded(run: Run, owner: asyncpg.Connection, capsys: Capture) -> None:
    assert await run(*REGISTRAR, "--until", "2199-12-31", "--json") == 0
    given = json.loads(capsys.readouterr().out)["id"]
    assert await run("list", "--json") == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert (listed["id"], listed["account"], listed["role"]) == (given, "first-registrar", "registrar")
    assert (listed["granted_by"], listed["holds"]) == ("operator", True)
    assert listed["valid_to"] == "2200-01-01T00:00:00+00:00"
    assert await run("end", given) == 0
    assert f"ended: {given}" in capsys.readouterr().out
    stored = await owner.fetchrow("SELECT valid @> now() AS holds, revoked_by FROM registry.grants")
    assert tuple(stored) == (False, "operator")
    records = await owner.fetch("SELECT * FROM audit.records ORDER BY at, position")
    assert [(row["kind"], row["operation"], row["account"], row["result"]) for row in records] == [
        ("SETUP", "grants give", "operator", "GRANTED"),
        ("SETUP", "grants end", "operator", "ENDED"),
    ]
    assert "first-registrar" not in json.dumps([dict(row) for row in records], default=str)
    assert await run("list") == 0
    assert capsys.readouterr().out == "0 grants\n"
    assert await run("list", "--ended", "--account", "first-registrar", "--role", "registrar") == 0
    assert "(does not hold)" in capsys.readouterr().out
    assert await run("list", "--ended", "--account", "another") == 0
    assert capsys.readouterr().out == "0 grants\n"


async def test_a_role_is_given_where_it_is_held(run: Run, owner: asyncpg.Connection, capsys: Capture) -> None:
    ori, officer = await add_places(owner)
    given: list[tuple[str, ...]] = [
        ("agency_head", "--agency", ori),
        ("post_officer", "--state", "WA"),
        ("officer", "--officer", str(officer)),
        ("credentialing_body", "--body", "Fernhollow Review Board"),
        ("auditor",),
    ]
    for role, *place in given:
        assert await run("give", "--account", f"the-{role}", "--role", role, *place) == 0
    assert await run("give", "--account", "the-auditor", "--role", "auditor") == 1
    assert "holds this role there already" in capsys.readouterr().err
    assert await run("list") == 0
    told = capsys.readouterr().out
    for place_told in (ori, "WA", str(officer), "Fernhollow Review Board", "the registry"):
        assert place_told in told
    assert await owner.fetchval("SELECT count(*) FROM audit.records WHERE kind = 'SETUP'") == len(given)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("agency_head",), 2, "say where with --agency"),
        (("registrar", "--agency", "WA9990900"), 2, "leave out --agency"),
        (("post_officer", "--state", "WA", "--officer", str(uuid4())), 2, "leave out --officer"),
        (("credentialing_body",), 2, "say where with --body"),
        (("public",), 2, "choose one of"),
        (("post_officer", "--state", "Washington"), 2, "postal code"),
        (("auditor", "--until", "tomorrow"), 2, "YYYY-MM-DD"),
        (("auditor", "--until", "9999-12-31"), 2, "YYYY-MM-DD"),
        (("auditor", "--until", (datetime.now(UTC) - timedelta(days=2)).date().isoformat()), 1, "that day is over"),
        (("agency_head", "--agency", "WA9990901"), 1, "no agency has this ORI"),
        (("credentialing_body", "--body", "Nobody"), 1, "no single credentialing body"),
        (("officer", "--officer", str(uuid4())), 1, "no officer has this id"),
    ],
)
async def test_what_cannot_be_given_is_refused_and_changes_nothing(
    words: tuple[str, ...], code: int, says: str, run: Run, owner: asyncpg.Connection, capsys: Capture
) -> None:
    assert await run("give", "--account", "someone", "--role", *words) == code
    assert says in capsys.readouterr().err
    assert await owner.fetchval("SELECT count(*) FROM registry.grants") == 0
    assert await owner.fetchval("SELECT count(*) FROM audit.records") == 0


async def test_the_operator_holds_no_role_and_ends_nothing_twice(run: Run, capsys: Capture) -> None:
    assert await run("give", "--account", "operator", "--role", "auditor") == 1
    assert "holds none" in capsys.readouterr().err
    assert await run("end", str(uuid4())) == 1
    assert "no grant has this id" in capsys.readouterr().err
    assert await run("end", "x") == 2
    assert await run(*REGISTRAR, "--json") == 0
    given = json.loads(capsys.readouterr().out)["id"]
    assert await run("end", given) == 0
    assert await run("end", given) == 1
    assert "has ended already" in capsys.readouterr().err


async def test_without_the_owners_address_nothing_is_given(
    addresses: Addresses, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("PROBITY_HOME", str(settings.home))
    monkeypatch.delenv("PROBITY_DATABASE_URL", raising=False)
    for login, address in addresses.by_login.items():
        monkeypatch.setenv(login.variable, address)
    assert await asyncio.to_thread(main, ["grants", *REGISTRAR]) == 1
    assert capsys.readouterr().err.startswith("probity: ")


def read_arguments(*words: str) -> Any:
    """The words as the command line reads them."""
    parser = argparse.ArgumentParser()
    grants.register(parser.add_subparsers())
    return parser.parse_args(["grants", *words])


def test_the_last_day_is_a_whole_day() -> None:
    arguments = read_arguments(*REGISTRAR, "--until", "2027-02-28")
    assert arguments.until == datetime(2027, 3, 1, tzinfo=UTC)
