"""`probity audit verify`: names the first record that does not fit, in the words and codes that are promised."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.audit.chain import seal_record, seal_records, start_chain
from app.audit.heads import read_heads
from app.cli import audit
from app.storage.cluster import Addresses
from app.storage.ledger.chain_reader import verify_chains
from app.storage.ledger.group_commit import Ledger
from app.storage.ledger.rows import insert_records
from app.storage.logins import Login

from .invented_records import make_chain, make_record

Run = Callable[..., Awaitable[int]]


@pytest.fixture
async def run(addresses: Addresses, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command as the shell runs it, on the test's database, in a thread with an event loop of its own."""
    monkeypatch.setenv("PROBITY_DATABASE_URL", addresses.require_owner())
    for login in Login:
        monkeypatch.setenv(login.variable, addresses.by_login[login])

    async def verify(*arguments: str | Path) -> int:
        parser = argparse.ArgumentParser()
        audit.register(parser.add_subparsers())
        parsed = parser.parse_args(["audit", "verify", *map(str, arguments)])
        return await asyncio.to_thread(parsed.handler, parsed)

    return verify


@pytest.fixture
async def chain(owner: asyncpg.Connection) -> str:
    """The id of a stored chain of five records with three items each."""
    sealed = make_chain(5)
    await insert_records(owner, sealed)
    return str(sealed[0].row.chain_id)


async def tamper(superuser: asyncpg.Connection, statement: str) -> None:
    """What somebody with the whole server could do: triggers and foreign keys do not see it."""
    await superuser.execute(f"SET session_replication_role = replica; {statement}; RESET session_replication_role")


async def test_fitting_chains_are_reported_with_their_sizes(
    run: Run, chain: str, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    await ledger.append(make_record(9, items=0))
    assert await run() == 0
    assert capsys.readouterr().out == "all fits: 2 chains, 6 records, 15 items\n"


@pytest.mark.parametrize(
    ("statement", "position", "words"),
    [
        ("UPDATE audit.records SET account = 'x' WHERE position = 2", 2, "content"),
        ("UPDATE audit.records SET purpose = purpose || ' ' WHERE position = 5", 5, "content"),
        ("UPDATE audit.records SET agency_id = NULL WHERE position = 1", 1, "content"),
        ("UPDATE audit.records SET at = at + interval '1 microsecond' WHERE position = 3", 3, "content"),
        ("UPDATE audit.records SET at = 'infinity' WHERE position = 3", 3, "content"),
        ("UPDATE audit.records SET at = '20000-01-01' WHERE position = 3", 3, "content"),
        (
            "UPDATE audit.records SET hash = set_byte(hash, 31, 255 - get_byte(hash, 31)) WHERE position = 5",
            5,
            "content",
        ),
        ("UPDATE audit.records SET previous_hash = hash WHERE position = 4", 4, "hash of the record before"),
        ("UPDATE audit.records SET position = position + 1 WHERE position = 5", 6, "position"),
        ("DELETE FROM audit.records WHERE position = 2", 3, "position"),
        (
            "UPDATE audit.records SET position = 9 WHERE position = 2;"
            "UPDATE audit.records SET position = 2 WHERE position = 3;"
            "UPDATE audit.records SET position = 3 WHERE position = 9",
            2,
            "hash of the record before",
        ),
        ("UPDATE audit.items SET version = version + 1 WHERE ordinal = 2", 1, "items are not"),
        ("UPDATE audit.items SET series_id = NULL, version = NULL WHERE ordinal = 1", 1, "items are not"),
        ("UPDATE audit.items SET ordinal = 4 WHERE ordinal = 3", 1, "items are not"),
        ("DELETE FROM audit.items WHERE ordinal = 3", 1, "number of its items"),
        (
            "INSERT INTO audit.items SELECT record_id, 4, officer_id, NULL, NULL FROM audit.items WHERE ordinal = 1",
            1,
            "number of its items",
        ),
    ],
)
async def test_what_was_done_to_the_rows_is_found_at_its_record(
    run: Run,
    chain: str,
    superuser: asyncpg.Connection,
    capsys: pytest.CaptureFixture[str],
    statement: str,
    position: int,
    words: str,
) -> None:
    await tamper(superuser, statement)
    assert await run() == 1
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(f"chain {chain}, record {position}: ")
    assert words in first


async def test_a_column_that_was_made_nullable_and_emptied_is_found(
    run: Run, chain: str, superuser: asyncpg.Connection
) -> None:
    for column in ("at", "account", "item_count", "hash", "policy_sha256"):
        async with superuser.transaction():
            await superuser.execute(f"ALTER TABLE audit.records ALTER {column} DROP NOT NULL")
            await tamper(superuser, f"UPDATE audit.records SET {column} = NULL WHERE position = 2")
        assert await run() == 1
        async with superuser.transaction():
            restored = dict(zip(("at", "account", "item_count", "hash", "policy_sha256"), _second_row(), strict=True))
            await superuser.execute("SET LOCAL session_replication_role = replica")
            await superuser.execute(f"UPDATE audit.records SET {column} = $1 WHERE position = 2", restored[column])
        assert await run() == 0


def _second_row() -> tuple[Any, ...]:
    sealed, record = make_chain(5)[1].row, make_record(1)
    return record.at, sealed.account, sealed.item_count, sealed.hash, sealed.policy_sha256


async def test_an_item_of_no_record_is_found(
    run: Run, chain: str, superuser: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await tamper(superuser, "INSERT INTO audit.items VALUES (gen_random_uuid(), 1, gen_random_uuid(), NULL, NULL)")
    assert await run() == 1
    assert capsys.readouterr().out.startswith("beside the chains: an item belongs to no record\n")


async def test_the_items_can_be_left_unread(run: Run, chain: str, superuser: asyncpg.Connection) -> None:
    await tamper(superuser, "DELETE FROM audit.items")
    assert await run("--chain-only") == 0
    assert await run() == 1


async def test_the_report_as_json_says_the_same(
    run: Run, chain: str, superuser: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run("--json") == 0
    intact = json.loads(capsys.readouterr().out)
    head = make_chain(5)[-1].row.head
    assert intact == {
        "intact": True,
        "chains": 1,
        "records": 5,
        "items": 15,
        "faults": [],
        "heads": [{"chain_id": chain, "position": 5, "hash": head.hash.hex()}],
    }
    await tamper(superuser, "UPDATE audit.records SET result = 'EMPTY' WHERE position = 4")
    assert await run("--json") == 1
    broken = json.loads(capsys.readouterr().out)
    assert (broken["intact"], broken["heads"]) == (False, [])
    assert [(fault["kind"], fault["chain_id"], fault["position"]) for fault in broken["faults"]] == [
        ("CONTENT", chain, 4)
    ]


async def test_saved_heads_show_a_chain_cut_at_its_end(
    run: Run, chain: str, superuser: asyncpg.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "heads.json"
    assert await run("--save-heads", saved) == 0
    assert [head.position for head in read_heads(saved.read_text())] == [5]
    assert await run("--expect-heads", saved) == 0
    await tamper(superuser, "DELETE FROM audit.items; DELETE FROM audit.records WHERE position = 5")
    capsys.readouterr()
    assert await run("--chain-only") == 0
    assert await run("--chain-only", "--expect-heads", saved) == 1
    assert f"chain {chain}, record 5: the chain ends before it" in capsys.readouterr().out
    await tamper(superuser, "DELETE FROM audit.records")
    assert await run("--expect-heads", saved) == 1
    assert f"chain {chain}, record 1: the chain ends before it" in capsys.readouterr().out


async def test_saved_heads_show_a_chain_that_was_written_anew(
    run: Run, chain: str, superuser: asyncpg.Connection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "heads.json"
    assert await run("--save-heads", saved) == 0
    await tamper(superuser, "DELETE FROM audit.items; DELETE FROM audit.records")
    head = start_chain(make_chain(1)[0].row.chain_id)
    await insert_records(superuser, seal_records(head, [make_record(number) for number in range(40, 46)]))
    capsys.readouterr()
    assert await run() == 0
    assert await run("--expect-heads", saved) == 1
    assert f"chain {chain}, record 5: its hash is not the one in the saved heads" in capsys.readouterr().out


async def test_heads_of_a_chain_that_does_not_fit_are_not_saved(
    run: Run, chain: str, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    saved = tmp_path / "heads.json"
    await tamper(superuser, "UPDATE audit.records SET account = 'x' WHERE position = 2")
    assert await run("--save-heads", saved) == 1
    assert not saved.exists()


@pytest.mark.parametrize("content", [None, b"no json", b"\xff\xfe", b"{}"], ids=["absent", "text", "bytes", "object"])
async def test_a_file_that_holds_no_heads_is_wrong_use(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "heads.json"
    if content is not None:
        path.write_bytes(content)
    assert await run("--expect-heads", path) == 2
    assert "file" in capsys.readouterr().err


async def test_a_place_that_cannot_be_written_is_wrong_use(run: Run, chain: str, tmp_path: Path) -> None:
    assert await run("--save-heads", tmp_path / "absent" / "heads.json") == 2


async def test_a_database_without_audit_tables_is_refused_with_what_to_do(
    run: Run, superuser: asyncpg.Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    await superuser.execute("DROP TABLE audit.records CASCADE")
    assert await run() == 1
    assert "probity db upgrade" in capsys.readouterr().err


@pytest.mark.parametrize("table", ["records", "items"])
async def test_rows_that_row_security_hides_are_not_taken_for_absent(
    run: Run, chain: str, superuser: asyncpg.Connection, capsys: pytest.CaptureFixture[str], table: str
) -> None:
    await superuser.execute(f"ALTER TABLE audit.{table} ENABLE ROW LEVEL SECURITY")
    for name in await superuser.fetch(
        "SELECT policyname FROM pg_policies WHERE tablename = $1 AND roles @> '{probity_ledger}'", table
    ):
        await superuser.execute(f"DROP POLICY {name['policyname']} ON audit.{table}")
    assert await run() == 1
    assert "row security hides" in capsys.readouterr().err
    await superuser.execute(f"CREATE POLICY all_rows ON audit.{table} FOR ALL TO probity_ledger USING (true)")
    assert await run() == 0
    await superuser.execute(f"CREATE POLICY few ON audit.{table} AS RESTRICTIVE FOR SELECT USING (false)")
    assert await run() == 1


async def test_more_chains_and_records_than_are_read_at_once_are_all_seen(
    addresses: Addresses, owner: asyncpg.Connection
) -> None:
    await insert_records(owner, make_chain(1201, items=1, seed=1))
    for seed in range(2, 12):
        await insert_records(owner, make_chain(2, items=0, seed=seed))
    (cut,) = [seal_record(make_chain(1201, items=1, seed=1)[-1].row.head, make_record(5000))]
    report = await verify_chains(addresses.by_login[Login.LEDGER])
    assert (report.is_intact, report.chains, report.records, report.items) == (True, 11, 1221, 1201)
    report = await verify_chains(addresses.by_login[Login.LEDGER], expected=[cut.row.head])
    assert [(fault.kind.value, fault.position) for fault in report.faults] == [("CUT", 1202)]
