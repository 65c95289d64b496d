"""Exports: the same rows as the list, whatever happens on the way, and for nobody else."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from app.answering.exporting import FIELDS, Exporter, ExportLimits
from app.domain.vocabulary import Role
from app.errors import ErrorCode, ProbityError
from app.identity.presented import PresentedToken
from app.planning.parameters import decode_global_id
from app.storage.export_files import ExportFiles
from app.storage.exports import insert_export
from app.storage.logins import Login
from app.storage.pools import Pools
from tests.analysis.conftest import ORDER, Analysis
from tests.analysis.drawn_facts import ANALYST

ANOTHER = "another-analyst"
LIMITS = ExportLimits(chunk_rows=25)
ROWS = (
    "query($after: String, $filter: AnalystRowFilter) { analystRows(first: 100, after: $after, filter: $filter) "
    f"{{ nodes {{ {' '.join(FIELDS)} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
SHOWN = "id state failure rowsDone rowsEstimated sha256 sizeBytes expiresAt path question"
REQUEST = (
    "mutation($input: RequestExportInput!) { requestExport(input: $input) { __typename "
    f"... on ExportRequested {{ export {{ {SHOWN} }} }} ... on CommandRefused {{ code }} }} }}"
)
CANCEL = (
    "mutation($input: CancelExportInput!) { cancelExport(input: $input) { __typename "
    "... on ExportCancelled { export { state } } ... on CommandRefused { code } } }"
)


class Desk:
    """One analyst's exports over the drawn registry, with a folder of their own."""

    def __init__(self, analysis: Analysis, folder: Path, owner: asyncpg.Connection) -> None:
        self.analysis, self.owner, self.folder, self.account = analysis, owner, folder, ANALYST
        pipeline = analysis.pipeline
        self.exporter = Exporter(
            policies=pipeline.policies,
            pools=pipeline.pools,
            ledger=pipeline.ledger,
            recorder=pipeline.recorder,
            signer=pipeline.signer,
            clock=pipeline.clock,
            system_clock=pipeline.system_clock,
            draw_id=pipeline.draw_id,
            files=ExportFiles(folder=folder),
            limits=LIMITS,
        )

    async def request(self, form: str, filter: Any = None, *, key: str | None = None) -> Any:
        given = {"format": form, "idempotencyKey": key or str(uuid4())} | ({"filter": filter} if filter else {})
        return (await self.ask(REQUEST, input=given))["requestExport"]

    def present(self) -> PresentedToken:
        """The token of whose exports they are."""
        return PresentedToken(compact=self.analysis.issuer.issue_token(replace(ORDER, account=self.account)))

    async def ask(self, text: str, **variables: Any) -> Any:
        """The data of the answer to him."""
        request = self.analysis.write_request(text, **variables)
        return json.loads((await self.analysis.pipeline.answer(request, self.present())).body)["data"]

    async def become(self, account: str) -> None:
        """Be another analyst, whose right begins now."""
        self.account = account
        await self.owner.execute(
            "INSERT INTO registry.grants (id, account, role, valid, granted_by) "
            "VALUES (gen_random_uuid(), $1, 'doj_analyst', '[2020-01-01,)', 'drawn-operator')",
            account,
        )

    async def end_right(self) -> None:
        """His right ends."""
        await self.owner.execute(
            "UPDATE registry.grants SET valid = '[2020-01-01,2020-02-01)' WHERE account = $1", self.account
        )

    async def make(self, form: str, filter: Any = None) -> Any:
        """An export that is carried out to its end."""
        export = (await self.request(form, filter))["export"]
        assert await self.exporter.run_next()
        return await self.show(export["id"])

    async def show(self, export: str) -> Any:
        return (await self.ask(f"query($id: ID!) {{ export(id: $id) {{ {SHOWN} }} }}", id=export))["export"]

    async def read(self, export: Any) -> bytes:
        principal = await self.analysis.pipeline.identify(self.present())
        return (await self.exporter.open_download(find_key(export), principal)).path.read_bytes()


def find_key(export: Any) -> UUID:
    key = decode_global_id(export["id"], "Export")
    assert key is not None
    return key


@pytest_asyncio.fixture
async def desk(analysis: Analysis, tmp_path: Path) -> AsyncIterator[Desk]:
    owner = await asyncpg.connect(analysis.addresses.require_owner())
    yield Desk(analysis, tmp_path / "exports", owner)
    await owner.execute("TRUNCATE registry.analysis_exports")
    await owner.close()


async def page_through(analysis: Analysis, filter: Any = None) -> dict[str, Any]:
    """Every row of the list by its id."""
    found: dict[str, Any] = {}
    after = None
    while True:
        told = (await analysis.ask(ROWS, after=after, filter=filter))["analystRows"]
        found |= {row["id"]: row for row in told["nodes"]}
        if not told["pageInfo"]["hasNextPage"]:
            return found
        after = told["pageInfo"]["endCursor"]


def read_parquet(body: bytes) -> list[dict[str, Any]]:
    return list(pq.read_table(io.BytesIO(body)).to_pylist())


def read_csv(body: bytes) -> list[dict[str, Any]]:
    """The rows of a CSV file with the types of the contract."""
    rows = []
    for row in csv.DictReader(io.StringIO(body.decode())):
        assert row.pop("marking") == "exact, not for release"
        found: dict[str, Any] = {name: value or None for name, value in row.items()}
        for name in found:
            if (name == "year" or name.startswith("days")) and found[name] is not None:
                found[name] = int(found[name])
        found["hasFinding"] = {"true": True, "false": False, "": None}[row["hasFinding"]]
        found["basis"] = row["basis"].split("|") if row["basis"] else []
        found["asOf"] = datetime.fromisoformat(row["asOf"])
        rows.append(found)
    return rows


@pytest.mark.parametrize("filter", [None, {"year": {"from": 2019}, "not": {"stateCode": {"eq": "WA"}}}])
@pytest.mark.parametrize(("form", "read"), [("PARQUET", read_parquet), ("CSV", read_csv)])
async def test_a_file_has_the_rows_of_the_list(desk: Desk, form: str, read: Any, filter: Any) -> None:
    export = await desk.make(form, filter)
    rows = read(await desk.read(export))
    expected = await page_through(desk.analysis, filter)
    assert len(rows) == len(expected) == export["rowsDone"] == export["rowsEstimated"]
    assert len(expected) > 30
    for row in rows:
        assert row.pop("asOf").utcoffset() == timedelta()
        assert row == expected.pop(row["id"])


async def test_a_parquet_file_says_what_it_is(desk: Desk) -> None:
    export = await desk.make("PARQUET", {"kind": {"eq": "TERMINATION"}})
    metadata = pq.read_schema(io.BytesIO(await desk.read(export))).metadata
    assert metadata[b"probity.marking"] == b"exact, not for release"
    assert json.loads(metadata[b"probity.question"]) == {"kind": {"eq": "TERMINATION"}}
    assert metadata[b"probity.rows"] == str(export["rowsDone"]).encode()


async def test_the_estimate_grows_true_as_the_rows_are_read(desk: Desk) -> None:
    seen = []
    original = Exporter._note

    async def note(self: Exporter, export: Any, worker: UUID, progress: Any) -> None:
        await original(self, export, worker, progress)
        seen.append(await desk.show(asked["id"]))

    asked = (await desk.request("CSV"))["export"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Exporter, "_note", note)
        await desk.exporter.run_next()
    total = (await desk.show(asked["id"]))["rowsDone"]
    assert [each["rowsDone"] for each in seen[:-1]] == [25 * place for place in range(1, len(seen))]
    assert all(each["state"] == "RUNNING" for each in seen)
    assert all(0.6 * total < each["rowsEstimated"] < 1.6 * total for each in seen)


class Killed(BaseException):
    """The process is no more."""


@pytest.mark.parametrize("form", ["PARQUET", "CSV"])
async def test_what_is_killed_between_chunks_goes_on_to_the_same_file(
    desk: Desk, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = desk.exporter.clock() - 2 * LIMITS.lease
    at_rest = replace(desk.exporter, clock=lambda: moment)
    desk.exporter = at_rest
    whole = await desk.read(await desk.make(form, {"year": {"from": 2015}}))
    export = (await desk.request(form, {"year": {"from": 2015}}))["export"]
    original, count = Exporter._go_on, 0

    async def die(self: Exporter, stored: Any, progress: Any) -> Any:
        nonlocal count
        count += 1
        if count == 3:
            raise Killed
        return await original(self, stored, progress)

    async def give_no_lease_back(self: Exporter, stored: Any, worker: UUID) -> None:
        """A process that was killed does nothing any more."""

    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "_go_on", die)
        patch.setattr(Exporter, "_give_back", give_no_lease_back)
        with pytest.raises(Killed):
            await desk.exporter.run_next()
    assert (await desk.show(export["id"]))["rowsDone"] == 50
    assert not await desk.exporter.run_next(), "its lease still runs"
    read: list[int] = []

    async def go_on(self: Exporter, stored: Any, progress: Any) -> Any:
        read.append(progress.rows)
        return await original(self, stored, progress)

    desk.exporter = replace(at_rest, clock=lambda: moment + LIMITS.lease)
    monkeypatch.setattr(Exporter, "_go_on", go_on)
    assert await desk.exporter.run_next()
    assert read[0] == 50, "what was read is not read again"
    desk.exporter = at_rest
    again = await desk.read(await desk.show(export["id"]))
    if form == "CSV":
        at = (moment + LIMITS.lease).isoformat(), moment.isoformat()
        assert again.decode().replace(*at) == whole.decode()
    else:
        rows, expected = read_parquet(again), read_parquet(whole)
        assert [{**row, "asOf": None} for row in rows] == [{**row, "asOf": None} for row in expected]


async def test_a_chunk_that_was_tampered_with_is_read_anew(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    export = (await desk.request("CSV"))["export"]
    original = Exporter._finish

    async def tamper(self: Exporter, stored: Any, progress: Any) -> Any:
        (chunk, *_) = sorted((desk.folder / str(stored.id)).glob("chunk-*"))
        chunk.write_bytes(chunk.read_bytes()[:-1] + b"x")
        return await original(self, stored, progress)

    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "_finish", tamper)
        await desk.exporter.run_next()
    assert (await desk.show(export["id"]))["state"] == "RUNNING"
    await desk.exporter.run_next()
    rows = read_csv(await desk.read(await desk.show(export["id"])))
    assert {row["id"] for row in rows} == set(await page_through(desk.analysis))


async def test_two_processes_never_work_at_one_export(desk: Desk) -> None:
    await desk.request("CSV")
    assert sorted(await asyncio.gather(*(desk.exporter.run_next() for _ in range(3)))) == [False, False, True]
    attempts = await desk.owner.fetchval("SELECT attempts FROM registry.analysis_exports")
    assert attempts == 1


async def test_a_right_that_ends_between_chunks_stops_the_export(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await desk.become("analyst-for-a-while")
    await desk.request("CSV")
    original = Exporter._note

    async def note(self: Exporter, stored: Any, worker: UUID, progress: Any) -> None:
        await original(self, stored, worker, progress)
        await desk.end_right()

    monkeypatch.setattr(Exporter, "_note", note)
    assert await desk.exporter.run_next()
    row = await desk.owner.fetchrow("SELECT state, failure, rows_done FROM registry.analysis_exports")
    assert row is not None and tuple(row) == ("FAILED", "RIGHT_ENDED", 25)
    assert not list(desk.folder.iterdir())


async def test_a_file_is_not_given_to_one_whose_right_has_ended(desk: Desk) -> None:
    await desk.become("analyst-until-now")
    export = await desk.make("CSV")
    assert await desk.read(export)
    await desk.end_right()
    with pytest.raises(ProbityError) as refused:
        await desk.read(export)
    assert refused.value.code is ErrorCode.FORBIDDEN


async def test_a_context_that_does_not_hold_reads_nothing_and_ends_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = (await desk.request("CSV"))["export"]
    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "_sign", lambda *_: "0" * 64 + ":{}")
        assert await desk.exporter.run_next()
    told = await desk.show(export["id"])
    assert (told["state"], told["rowsDone"]) == ("RUNNING", 0)
    assert await desk.exporter.run_next()
    assert (await desk.show(export["id"]))["rowsDone"] > 40


async def test_row_security_alone_bounds_what_a_chunk_holds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the plan's own conditions taken away, the analyst's login still sees no other row."""
    expected = set(await page_through(desk.analysis))
    original = Exporter._plan

    def plan(self: Exporter, policy: Any, export: Any) -> Any:
        chunk, variables = original(self, policy, export)
        head, _, rest = chunk.plan.sql.rpartition("WHERE ")
        place = rest.rindex("t1.analyst_id > ")
        assert "'cleared'" in rest[:place]
        last = rest[place:]
        bare = replace(chunk, plan=replace(chunk.plan, sql=f"{head}WHERE {last}"))
        return bare, variables

    monkeypatch.setattr(Exporter, "_plan", plan)
    export = await desk.make("CSV")
    assert {row["id"] for row in read_csv(await desk.read(export))} == expected


async def refuse(desk: Desk, export: Any) -> ErrorCode:
    with pytest.raises(ProbityError) as refused:
        await desk.read(export)
    return refused.value.code


async def test_nobody_else_sees_an_export_or_reads_its_file(desk: Desk) -> None:
    text = (
        "query($id: ID!) { export(id: $id) { state } node(id: $id) { id } "
        "exports(first: 10) { totalCount nodes { id } } }"
    )
    export = await desk.make("CSV")
    assert (await desk.ask(text, id=export["id"]))["exports"]["totalCount"] == 1
    await desk.become(ANOTHER)
    assert await desk.ask(text, id=export["id"]) == {
        "export": None,
        "node": None,
        "exports": {"totalCount": 0, "nodes": []},
    }
    assert await refuse(desk, export) is ErrorCode.NOT_FOUND
    told = await desk.ask(CANCEL, input={"exportId": export["id"], "idempotencyKey": "another"})
    assert told["cancelExport"]["code"] == "NOT_FOUND"


async def test_a_file_goes_when_its_time_is_over(desk: Desk) -> None:
    export = await desk.make("PARQUET")
    assert list(desk.folder.glob("*/export.parquet"))
    later = replace(desk.exporter, clock=lambda: desk.analysis.pipeline.clock() + LIMITS.kept + timedelta(seconds=1))
    kept, desk.exporter = desk.exporter, later
    assert await refuse(desk, export) is ErrorCode.NOT_FOUND
    assert await later.sweep() == 1
    desk.exporter = kept
    assert await refuse(desk, export) is ErrorCode.NOT_FOUND
    assert not list(desk.folder.iterdir())
    told = await desk.show(export["id"])
    assert (told["state"], told["rowsDone"]) == ("EXPIRED", export["rowsDone"])


async def test_a_file_of_no_export_is_deleted_and_one_that_is_kept_is_not(desk: Desk) -> None:
    export = await desk.make("CSV")
    stray = desk.folder / str(uuid4())
    stray.mkdir()
    (stray / "chunk-000000.arrow").write_bytes(b"left behind")
    assert await desk.exporter.sweep() == 1
    assert not stray.exists()
    assert await desk.read(export)


async def test_an_export_that_is_cancelled_stops_and_has_no_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    export = (await desk.request("CSV"))["export"]
    original = Exporter._note

    async def note(self: Exporter, stored: Any, worker: UUID, progress: Any) -> None:
        await original(self, stored, worker, progress)
        if progress.rows == 25:
            told = await desk.ask(CANCEL, input={"exportId": export["id"], "idempotencyKey": str(uuid4())})
            assert told["cancelExport"]["export"] == {"state": "CANCELLED"}

    with monkeypatch.context() as patch:
        patch.setattr(Exporter, "_note", note)
        await desk.exporter.run_next()
    assert (await desk.show(export["id"]))["state"] == "CANCELLED"
    assert not list(desk.folder.iterdir())
    again = await desk.ask(CANCEL, input={"exportId": export["id"], "idempotencyKey": str(uuid4())})
    assert again["cancelExport"]["code"] == "STALE"


async def test_one_person_has_two_exports_under_way_and_no_more(desk: Desk) -> None:
    kept = await desk.request("CSV", key="kept")
    assert (await desk.request("CSV", key="kept"))["export"]["id"] == kept["export"]["id"]
    await desk.request("PARQUET")
    assert (await desk.request("CSV"))["code"] == "TOO_MANY"
    assert await desk.exporter.run_next()
    assert (await desk.request("CSV"))["__typename"] == "ExportRequested"


async def test_what_is_too_large_is_given_up(desk: Desk) -> None:
    desk.exporter = replace(desk.exporter, limits=replace(LIMITS, most_rows=30))
    export = await desk.make("CSV")
    assert (export["state"], export["failure"]) == ("FAILED", "TOO_LARGE")
    assert not list(desk.folder.iterdir())


async def test_a_question_that_policy_no_longer_allows_is_refused(desk: Desk) -> None:
    export = (await desk.request("CSV"))["export"]
    await desk.owner.execute("ALTER TABLE registry.analysis_exports DISABLE TRIGGER only_go_on")
    await desk.owner.execute('UPDATE registry.analysis_exports SET question = \'{"officerId":{"eq":"x"}}\'')
    await desk.owner.execute("ALTER TABLE registry.analysis_exports ENABLE TRIGGER only_go_on")
    await desk.exporter.run_next()
    assert (await desk.show(export["id"]))["failure"] == "QUESTION_REFUSED"


async def test_what_keeps_failing_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    export = (await desk.request("CSV"))["export"]

    async def fail(*_: Any) -> Any:
        raise ProbityError(ErrorCode.UNAVAILABLE)

    monkeypatch.setattr(Exporter, "_go_on", fail)
    for _ in range(LIMITS.attempts):
        assert await desk.exporter.run_next()
    assert not await desk.exporter.run_next()
    assert (await desk.show(export["id"]))["failure"] == "KEPT_FAILING"


async def test_a_file_and_each_reading_of_it_are_recorded_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    export = await desk.make("PARQUET")
    await desk.read(export)
    found = await desk.owner.fetch(
        "SELECT kind, account, purpose, operation, result FROM audit.records "
        "WHERE document_sha256 = decode($1, 'hex') ORDER BY at, position",
        export["sha256"],
    )
    rows = f"ROWS_{export['rowsDone']}"
    assert [tuple(row) for row in found] == [
        ("QUERY", ANALYST, "statistics", "exportRows", rows),
        ("QUERY", ANALYST, "statistics", "downloadExport", rows),
    ]
    asked = await desk.owner.fetchval("SELECT count(*) FROM audit.records WHERE operation = 'requestExport'")
    assert asked > 0

    async def fail(*_: Any) -> Any:
        raise ProbityError(ErrorCode.UNAVAILABLE)

    monkeypatch.setattr(type(desk.exporter.ledger), "append", fail)
    with pytest.raises(ProbityError):
        await desk.read(export)


async def test_the_command_login_asks_in_nobody_elses_name(desk: Desk) -> None:
    principal = await desk.analysis.find_principal()
    pipeline = desk.analysis.pipeline
    context = pipeline._sign(principal, Login.COMMAND, pipeline.policy.digest, pipeline.clock())
    for account in (ANALYST, ANOTHER):
        asked = {"id": uuid4(), "account": account, "format": "CSV", "question": "{}", "now": pipeline.clock()}
        try:
            await _insert(pipeline.pools, context, asked)
            done = True
        except ProbityError as error:
            assert error.code is ErrorCode.FORBIDDEN
            done = False
        assert done is (account == ANALYST)


async def _insert(pools: Pools, context: str, asked: dict[str, Any]) -> None:
    from app.domain.vocabulary import ExportFormat

    async with pools.open_write(context) as session:
        await insert_export(session, **{**asked, "format": ExportFormat(asked["format"])})


async def test_what_was_asked_stays_as_it_was(desk: Desk) -> None:
    await desk.make("CSV")
    for change in ("account = 'x'", "question = '{}{}'", "state = 'QUEUED'", "expires_at = now() + interval '9 years'"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await desk.owner.execute(f"UPDATE registry.analysis_exports SET {change}")


def test_only_analysts_have_exports_in_their_contract(analysis: Analysis) -> None:
    policy = analysis.pipeline.policy
    for role, purpose in policy.list_pairs():
        has = "exports" in policy.find_contract(role, purpose).schema.query_type.fields  # type: ignore[union-attr]
        assert has is (role is Role.DOJ_ANALYST)
