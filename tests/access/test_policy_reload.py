"""A process takes a changed policy without a restart: no request is dropped, and none is answered by two policies."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any

import asyncpg
import casbin
import pytest
import pytest_asyncio
from graphql import build_schema

from app.answering import policy_holder
from app.answering.policy_holder import PolicyHolder
from app.answering.served_policy import ServedPolicy, serve_policy
from app.cli.serve import following_policy
from app.domain.vocabulary import Action, Purpose, RecordState, Relation, Role
from app.errors import ErrorCode, ProbityError, SetupRefused
from app.main import assemble
from app.planning.planner import Planner
from app.policy.bundle import load_bundle
from app.policy.engine import DecisionPoint, DecisionRequest
from app.schema.bindings import build_catalogue
from app.settings import Settings
from app.storage import wall
from app.storage.embedded import EmbeddedCluster
from app.storage.logins import Login
from tests.access.moving_policy import MovingPolicy, open_moving, reclassify, without_rules
from tests.access.role_commands import GRANT, NEWCOMER, count_grants, write_grant
from tests.access.stage import Told, connect_superuser, name_database
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS

POST = (Role.POST_OFFICER, Purpose.CERTIFICATION)
# What a State's authority is told of cleared outcomes; without it they are not in its lists.
NARROWER = without_rules("POST-14", "POST-15")
OUTCOMES = "{ outcomes(first: 40) { nodes { id kind actionDate } } }"
DECISIONS_A_THREAD = 20_000
DECISIONS_A_TASK = 4_000


@pytest_asyncio.fixture
async def moving(
    cluster: EmbeddedCluster, settings: Settings, told: Told, tmp_path: Path
) -> AsyncIterator[MovingPolicy]:
    """A path whose policy can be moved."""
    async with open_moving(cluster, settings, told, tmp_path) as opened:
        yield opened


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A policy that was not found is looked for again at once."""
    monkeypatch.setattr(policy_holder, "REST_SECONDS", 0.0)


@pytest_asyncio.fixture
async def own_truth(cluster: EmbeddedCluster, moving: MovingPolicy) -> AsyncIterator[asyncpg.Connection]:
    """What the database of this test holds."""
    connection = await connect_superuser(cluster, name_database(moving.running))
    yield connection
    await connection.close()


async def refuse(running: RunningRegistry, person: str, document: str, **variables: Any) -> ErrorCode:
    """The code with which a request is refused; fails where it is answered."""
    with pytest.raises(ProbityError) as refused:
        await running.ask(ASKERS[person] or "public", document, **variables)
    return refused.value.code


# --- decisions alone


def build_served(directory: Path) -> ServedPolicy:
    """A policy with its grants, as a process makes it; nothing is planned in these tests."""
    point = DecisionPoint(load_bundle(directory))
    schema = build_schema("type Query { nothing: Int }")
    return serve_policy(point, schema, Planner(build_catalogue(), point.bundle.record_states))


@pytest.fixture(scope="module")
def pair(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[ServedPolicy, ServedPolicy]:
    """The served policy, and one in which a State's authority sees less and its head may grant nothing."""
    folder = tmp_path_factory.mktemp("pair")
    moved = MovingPolicy(running=None, root=folder, settings=settings, folder=folder)  # type: ignore[arg-type]
    moved.write("narrower", without_rules("POST-14", "POST-15", "POST-06", "HEAD-02"))
    return build_served(settings.root / "policies"), build_served(folder / "narrower" / "policies")


Question = tuple[Role, Purpose, Action, str, frozenset[Relation], RecordState]


def draw_questions(pair: tuple[ServedPolicy, ServedPolicy], draws: random.Random, number: int) -> list[Question]:
    """Questions in which the two policies often differ."""
    fields = sorted(pair[0].point.bundle.leaf_fields)
    narrowed = [field for field in fields if field.startswith(("Outcome.", "Stint."))]
    states = [RecordState.CLEARED, RecordState.LISTED]
    found: list[Question] = []
    for place in range(number):
        relations = frozenset(draws.sample([Relation.OWN_STATE, Relation.OWN_AGENCY, Relation.CERTIFICANT], 2))
        if place % 2:
            question = (*POST, Action.READ, draws.choice(narrowed), relations, draws.choice(states))
        else:
            question = (*draws.choice(sorted(pair[0].grants)), draws.choice(fields), relations, RecordState.STANDING)
        found.append(question)
    return found


def decide_by_grant(policy: ServedPolicy, question: Question) -> bool:
    """What the grant of the policy says."""
    role, purpose, action, field, relations, state = question
    predicate = policy.find_grant(role, purpose, action).fields.get(field)
    return predicate is not None and predicate.holds(relations, state)


def decide_by_casbin(policy: ServedPolicy, question: Question) -> bool:
    """What Casbin itself says."""
    role, purpose, action, field, relations, state = question
    request = DecisionRequest(role=role, relations=relations, field=field, state=state, purpose=purpose, action=action)
    return policy.point.decide(request).allowed


@pytest.fixture
def frequent_switches() -> Iterator[None]:
    """Threads that interrupt each other a hundred times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 100)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("frequent_switches")
async def test_of_a_hundred_thousand_decisions_under_swaps_none_is_of_another_policy_than_it_says(
    pair: tuple[ServedPolicy, ServedPolicy],
) -> None:
    """Four threads and five tasks decide while the reference is swapped as fast as it can be."""
    questions = draw_questions(pair, random.Random(11), 200)
    expected = {
        (policy.digest, question): decide_by_casbin(policy, question) for policy in pair for question in questions
    }
    assert sum(expected[pair[0].digest, each] != expected[pair[1].digest, each] for each in questions) > 20
    turns = cycle(pair[::-1])
    holder = PolicyHolder(pair[0], lambda: next(turns))
    decided: Counter[bytes] = Counter()
    wrong: list[Question] = []
    lock = threading.Lock()

    def decide_some(number: int, seed: int, *, asks_casbin: bool = False) -> None:
        draws = random.Random(seed)
        counts: Counter[bytes] = Counter()
        for place in range(number):
            question = draws.choice(questions)
            policy = holder.served
            # Casbin in one thread alone: an enforcer that two ask at once faults, and refuses what it allows.
            decide = decide_by_casbin if asks_casbin and place == 0 else decide_by_grant
            if decide(policy, question) is not expected[policy.digest, question]:
                wrong.append(question)
            counts[policy.digest] += 1
        with lock:
            decided.update(counts)

    async def decide_in_task(seed: int) -> None:
        for part in range(200):
            decide_some(DECISIONS_A_TASK // 200, seed * 1000 + part, asks_casbin=True)
            await asyncio.sleep(0)

    swaps = 0
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(4) as threads:
        working = [
            *(loop.run_in_executor(threads, decide_some, DECISIONS_A_THREAD, seed) for seed in range(4)),
            *(asyncio.ensure_future(decide_in_task(seed)) for seed in range(10, 15)),
        ]
        while not all(each.done() for each in working):
            other = pair[1] if holder.served is pair[0] else pair[0]
            assert (await holder.follow(other.digest)) is other
            swaps += 1
        await asyncio.gather(*working)
    assert wrong == []
    assert sum(decided.values()) >= 100_000
    print(f"{sum(decided.values())} decisions under {swaps} swaps: {sorted(decided.values())} by each policy")
    assert swaps > 10
    assert min(decided[policy.digest] for policy in pair) > 1_000


class WatchedRoles(casbin.rbac.default_role_manager.RoleManager):  # type: ignore[misc]
    """Casbin's role manager, which tells when its links have been cleared."""

    def __init__(self) -> None:
        super().__init__(10)
        self.tell: Any = None

    def clear(self) -> None:
        super().clear()
        if self.tell is not None:
            self.tell()


def test_casbins_own_reload_decides_wrongly_in_another_thread(settings: Settings, tmp_path: Path) -> None:
    """Why a new enforcer is made: its reload clears the links of groups in place, and a denial by a group is lost."""
    (tmp_path / "policy.csv").write_text(
        "p, everyone, report, allow\np, handlers, report, deny\ng, ann, handlers\ng, ann, everyone\n", "ascii"
    )
    model = casbin.Enforcer.new_model(
        text="[request_definition]\nr = sub, obj\n[policy_definition]\np = sub, obj, eft\n[role_definition]\ng = _, _\n"
        "[policy_effect]\ne = some(where (p.eft == allow)) && !some(where (p.eft == deny))\n"
        "[matchers]\nm = (g(r.sub, p.sub) || p.sub == 'everyone') && r.obj == p.obj\n"
    )
    enforcer = casbin.Enforcer(model, casbin.FileAdapter(str(tmp_path / "policy.csv")))
    roles = WatchedRoles()
    enforcer.set_role_manager(roles)
    enforcer.build_role_links()
    assert enforcer.enforce("ann", "report") is False
    told: list[bool] = []

    def ask_elsewhere() -> None:
        asking = threading.Thread(target=lambda: told.append(enforcer.enforce("ann", "report")))
        asking.start()
        asking.join()

    roles.tell = ask_elsewhere
    enforcer.load_policy()
    assert told == [True], "the reload of an enforcer in use is safe by now; see docs/policy-reload.md"
    assert enforcer.enforce("ann", "report") is False


async def test_the_directory_is_read_once_for_all_who_wait_and_a_client_that_leaves_takes_nothing_with_it(
    pair: tuple[ServedPolicy, ServedPolicy],
) -> None:
    reads: list[int] = []
    goes_on = threading.Event()

    def load() -> ServedPolicy:
        reads.append(1)
        goes_on.wait(5)
        return pair[1]

    holder = PolicyHolder(pair[0], load)
    waiting = [asyncio.ensure_future(holder.follow(pair[1].digest)) for _ in range(20)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    assert holder.served is pair[0]
    goes_on.set()
    assert all(found is pair[1] for found in await asyncio.gather(*waiting[1:]))
    assert len(reads) == 1


async def test_a_directory_without_the_wanted_policy_is_not_read_again_by_every_request(
    pair: tuple[ServedPolicy, ServedPolicy],
) -> None:
    reads: list[int] = []

    def load() -> ServedPolicy:
        reads.append(1)
        return pair[0]

    holder = PolicyHolder(pair[0], load)
    for _ in range(50):
        with pytest.raises(ProbityError) as refused:
            await holder.follow(pair[1].digest)
        assert refused.value.code is ErrorCode.UNAVAILABLE
    assert len(reads) == 1
    assert await holder.follow(pair[0].digest) is pair[0]


def test_one_planner_never_gives_a_plan_of_another_policy(settings: Settings, tmp_path: Path) -> None:
    """Planners are a policy's own; were one kept over a swap, the digest in its keys would still keep them apart."""
    moved = MovingPolicy(running=None, root=tmp_path, settings=settings, folder=tmp_path)  # type: ignore[arg-type]
    wide, narrow = assemble(settings.root).policy, moved.write("narrower", NARROWER).policy
    assert wide.planner is not narrow.planner
    schema = wide.find_contract(*POST).schema
    kept = [
        wide.planner.prepare(OUTCOMES, None, {}, schema=schema, grant=policy.find_grant(*POST)).plan
        for policy in (wide, narrow, wide, narrow)
    ]
    own = narrow.planner.prepare(OUTCOMES, None, {}, schema=schema, grant=narrow.find_grant(*POST)).plan
    assert all(kept)
    assert kept[0] is kept[2]
    assert kept[1] is kept[3]
    assert kept[0].sql != kept[1].sql  # type: ignore[union-attr]
    assert kept[1].sql == own.sql  # type: ignore[union-attr]


# --- the whole path


async def test_under_load_each_answer_is_of_one_policy_and_none_of_the_old_after_the_new_was_acknowledged(
    moving: MovingPolicy, own_truth: asyncpg.Connection
) -> None:
    running = moving.running
    assemblies = {"wide": moving.write("wide"), "narrow": moving.write("narrow", NARROWER)}
    expected: dict[str, str] = {}
    for name in ("narrow", "wide"):
        await moving.move(name, assemblies[name])
        expected[name] = json.dumps(await running.ask("post", OUTCOMES))
        assert running.pipeline.policy.digest == assemblies[name].policy.digest
    assert expected["wide"] != expected["narrow"]
    before = await count_by_policy(own_truth)
    acknowledged = "wide"
    stopping = False
    told: Counter[str] = Counter()
    faults: list[str] = []

    async def ask_on_and_on() -> None:
        while not stopping:
            at_start = acknowledged
            moves_at_start = moves
            answer = json.dumps(await running.ask("post", OUTCOMES))
            name = next((name for name, body in expected.items() if body == answer), "of no policy")
            told[name] += 1
            if name == "of no policy" or (moves == moves_at_start and not is_moving and name != at_start):
                faults.append(name)
            await running.ask("public", "{ agencies(first: 2) { nodes { name swornCount } } }")

    moves, is_moving = 0, False
    asking = [asyncio.ensure_future(ask_on_and_on()) for _ in range(6)]
    for name in ("narrow", "wide", "narrow"):
        await asyncio.sleep(0.2)
        is_moving, moves = True, moves + 1
        await moving.move(name, assemblies[name])
        acknowledged, is_moving, moves = name, False, moves + 1
        await wait_until_served(running, assemblies[name].policy.digest)
    await asyncio.sleep(0.3)
    stopping = True
    await asyncio.gather(*asking)  # raises whatever was refused or dropped
    print(f"answers while the policy moved three times: {dict(told)}")
    assert faults == []
    assert min(told[name] for name in expected) > 5
    # Each answer's record names the policy it was made under.
    after = await count_by_policy(own_truth)
    for name, assembly in assemblies.items():
        digest = assembly.policy.digest
        assert after[digest] - before[digest] == told[name], name


async def count_by_policy(truth: asyncpg.Connection) -> Counter[bytes]:
    """How many answers about persons were recorded under each policy."""
    rows = await truth.fetch(
        "SELECT policy_sha256 AS digest, count(*) AS number FROM audit.records "
        "WHERE kind IN ('DISCLOSURE', 'QUERY') GROUP BY 1"
    )
    return Counter({row["digest"]: row["number"] for row in rows})


@pytest.mark.usefixtures("at_once")
async def test_a_policy_that_the_directory_does_not_hold_is_answered_by_nobody_until_it_does(
    moving: MovingPolicy,
) -> None:
    running = moving.running
    before = await running.ask("post", OUTCOMES)
    narrow = moving.write("narrow", NARROWER)
    await moving.put_into_database(narrow)
    for person, document in (
        ("post", OUTCOMES),
        ("records", "{ viewer { role } }"),
        ("public", "{ agencies(first: 1) { nodes { name } } }"),
        ("public", "{ __schema { queryType { name } } }"),
    ):
        assert await refuse(running, person, document) is ErrorCode.UNAVAILABLE
    assert await refuse(running, "head", GRANT, input=write_grant()) is ErrorCode.UNAVAILABLE
    assert not await running.pipeline.is_ready()
    moving.put_on_disk("narrow")
    assert await running.pipeline.is_ready()
    after = await running.ask("post", OUTCOMES)
    assert after != before
    assert (await running.ask("public", "{ agencies(first: 1) { nodes { name } } }"))["agencies"]["nodes"]


@pytest.mark.usefixtures("at_once")
async def test_a_broken_policy_is_never_served_and_never_quoted(
    moving: MovingPolicy, caplog: pytest.LogCaptureFixture
) -> None:
    running = moving.running
    served = running.pipeline.policy
    rules = moving.root / "policies" / "rules" / "post_officer.csv"
    whole = rules.read_text("ascii")
    rules.write_text(whole.replace(", allow, POST-14, ", ", Allow, POST-14, "), "ascii")
    before = await running.ask("post", OUTCOMES)
    # The database has not moved: nobody even reads the directory.
    assert await running.pipeline.follow_policy()
    assert running.pipeline.policy is served
    narrow = moving.write("narrow", NARROWER)
    await moving.put_into_database(narrow)
    with caplog.at_level(logging.INFO):
        assert await refuse(running, "post", OUTCOMES) is ErrorCode.UNAVAILABLE
    assert running.pipeline.policy is served
    said = [record.getMessage() for record in caplog.records if record.name == "probity.policy"]
    assert len(said) == 1
    assert "is refused" in said[0]
    assert not any(word in said[0] for word in ("POST-14", "Allow", "outcome_detail", str(moving.root)))
    # The database goes back to what is served: nothing was lost.
    await moving.put_into_database(moving.write("wide"))
    assert await running.ask("post", OUTCOMES) == before


async def test_the_public_is_not_told_a_field_that_was_taken_away_however_late_the_process_looks(
    moving: MovingPolicy,
) -> None:
    running = moving.running
    document = "{ agencies(first: 3) { nodes { name swornCount } } }"
    sdl = '{ __type(name: "Agency") { fields { name } } }'
    told = (await running.ask("public", document))["agencies"]["nodes"]
    assert all("swornCount" in node for node in told)
    assert {"name": "swornCount"} in (await running.ask("public", sdl))["__type"]["fields"]
    narrow = moving.write("narrow", reclassify("Agency.swornCount", "officer_identity"))
    await moving.move("narrow", narrow)
    # The process has not looked: it still plans by the old policy, and the database does not answer that.
    assert running.pipeline.policy.digest != narrow.policy.digest
    assert await refuse(running, "public", document) is ErrorCode.DOCUMENT_INVALID
    assert running.pipeline.policy.digest == narrow.policy.digest
    assert {"name": "swornCount"} not in (await running.ask("public", sdl))["__type"]["fields"]


async def test_a_field_taken_away_between_two_pages_is_gone_from_the_second_and_the_cursor_is_harmless(
    moving: MovingPolicy,
) -> None:
    running = moving.running
    document = (
        "query P($a: String) { officers(first: 2, after: $a) { nodes { id familyName identifiers { value } } "
        "pageInfo { endCursor } } }"
    )
    without = "query P($a: String) { officers(first: 2, after: $a) { nodes { id familyName } } }"
    first = (await running.ask("post", document, a=None))["officers"]
    second = (await running.ask("post", without, a=first["pageInfo"]["endCursor"]))["officers"]["nodes"]
    narrow = moving.write("narrow", without_rules("POST-05", "POST-09"))
    await moving.move("narrow", narrow)
    cursor = first["pageInfo"]["endCursor"]
    assert await refuse(running, "post", document, a=cursor) is ErrorCode.DOCUMENT_INVALID
    # Where he left off, without what is his no more.
    assert (await running.ask("post", without, a=cursor))["officers"]["nodes"] == second
    assert len(second) == 2


async def test_a_command_meets_the_new_policy_once_and_is_recorded_under_it(
    moving: MovingPolicy, own_truth: asyncpg.Connection
) -> None:
    running = moving.running
    narrow = moving.write("narrow", NARROWER)
    await moving.move("narrow", narrow)
    done = (await running.ask("head", GRANT, input=write_grant()))["grantRole"]
    assert done["__typename"] == "RoleGranted"
    assert await count_grants(own_truth) == 1
    recorded = await own_truth.fetch("SELECT policy_sha256, result FROM audit.records WHERE kind = 'COMMAND'")
    assert [tuple(row) for row in recorded] == [(narrow.policy.digest, "DONE")]
    # One that takes the command away: refused before anything is written.
    closed = moving.write("closed", without_rules("HEAD-02"))
    await moving.move("closed", closed)
    other = write_grant("key-9", account="demo-another")
    assert await refuse(running, "head", GRANT, input=other) in {ErrorCode.DOCUMENT_INVALID, ErrorCode.FORBIDDEN}
    assert await count_grants(own_truth, "demo-another") == 0
    assert NEWCOMER.account == done["grant"]["account"]


async def test_a_policy_waits_for_the_command_that_has_begun(moving: MovingPolicy) -> None:
    """The context was found to hold, and holds to the end of the transaction: the wall is not replaced under it."""
    running = moving.running
    narrow = moving.write("narrow", NARROWER)
    order = ASKERS["head"]
    assert order is not None
    claims = running.pipeline.verifier.verify(running.issuer.issue_token(order), proof=None)
    principal = await running.pipeline._look_up(claims, running.pipeline.clock())
    context = running.pipeline._sign(principal, Login.COMMAND, running.pipeline.policy.digest, running.pipeline.clock())
    async with running.pipeline.pools.open_write(context) as session:
        applying = asyncio.ensure_future(moving.put_into_database(narrow))
        await asyncio.sleep(0.6)
        assert not applying.done()
        assert await session.connection.fetchval("SELECT c.role FROM gate.read_context() c") == "agency_head"
    await asyncio.wait_for(applying, 5)


async def test_readers_wait_for_the_wall_and_do_not_fail_and_the_wall_gives_way_to_them(
    moving: MovingPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone keeps a table: the wall asks for a moment at a time, and everyone else is answered in between."""
    running = moving.running
    narrow = moving.write("narrow", NARROWER)
    keeper = await asyncpg.connect(running.addresses.by_login[Login.POST])
    try:
        async with keeper.transaction():
            await keeper.fetchval("SELECT count(id) FROM registry.outcome_series")
            applying = asyncio.ensure_future(moving.put_into_database(narrow))
            for _ in range(8):
                await asyncio.wait_for(running.ask("post", OUTCOMES), 3)
                await asyncio.sleep(0.1)
            assert not applying.done()
        moving.put_on_disk("narrow")
        await asyncio.wait_for(applying, 5)
        # Where nobody gives way, it says so, and the database is as it was.
        monkeypatch.setattr(wall, "PATIENCE_SECONDS", 0.3)
        async with keeper.transaction():
            await keeper.fetchval("SELECT count(id) FROM registry.outcome_series")
            with pytest.raises(SetupRefused, match="somebody holds the registry's tables"):
                await moving.put_into_database(moving.write("wide"))
        await running.ask("post", OUTCOMES)
        assert running.pipeline.policy.digest == narrow.policy.digest
    finally:
        await keeper.close()


async def wait_until_served(running: RunningRegistry, digest: bytes) -> None:
    """Wait until the process serves that policy by itself."""
    async with asyncio.timeout(10):
        while running.pipeline.policy.digest != digest:  # noqa: ASYNC110 - nothing tells of it but the reference
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("by_signal", [True, False], ids=["at SIGHUP", "after some seconds"])
async def test_a_process_serves_an_applied_policy_before_a_request_meets_it(
    by_signal: bool, moving: MovingPolicy
) -> None:
    narrow = moving.write("narrow", NARROWER)
    async with following_policy(moving.running.pipeline, seconds=600 if by_signal else 0.1):
        await asyncio.sleep(0.05)
        await moving.move("narrow", narrow)
        if by_signal:
            os.kill(os.getpid(), signal.SIGHUP)
        await wait_until_served(moving.running, narrow.policy.digest)
