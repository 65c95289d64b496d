"""Nobody handles his own record, whichever wall is left standing: policy in the plan, row security, triggers, commands.

Each violation is planted with the other walls taken away, next to a colleague who may do the same.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from app.demo.cast import CINDER_COVE, HARBORLIGHT, TALLOWMERE, WALKER, StoryOutcome
from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.identity.issuer import TokenOrder
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from tests.access.people import install, send, smuggle
from tests.access.second_wall import plan_bare, run_plan, sign_context
from tests.access.stage import Told, connect_superuser, copy_registry, name_database
from tests.journeys.conftest import RunningRegistry
from tests.properties.plain_rows import encode_id

OUTCOME = StoryOutcome.WALKER_TERMINATED.value
SHOW = {
    "officer": ("query($id: ID!) { node(id: $id) { ... on Officer { id } } }", encode_id("Officer", WALKER.id)),
    "outcome": ("query($id: ID!) { node(id: $id) { ... on Outcome { id } } }", encode_id("Outcome", OUTCOME)),
}
# Everyone who handles records, with the place from which he stands to this officer's.
HANDLERS: dict[str, tuple[Role, Purpose, dict[str, Any]]] = {
    "investigator": (Role.HIRING_INVESTIGATOR, Purpose.HIRING, {"agency": TALLOWMERE}),
    "records": (Role.RECORDS_OFFICER, Purpose.RECORDS, {"agency": HARBORLIGHT}),
    "monitor": (Role.RECORDS_OFFICER, Purpose.MONITORING, {"agency": CINDER_COVE}),
    "head": (Role.AGENCY_HEAD, Purpose.RECORDS, {"agency": HARBORLIGHT}),
    "post": (Role.POST_OFFICER, Purpose.CERTIFICATION, {"state": "WA"}),
    "adjudicator": (Role.DOJ_ADJUDICATOR, Purpose.ADJUDICATION, {}),
    "registrar": (Role.REGISTRAR, Purpose.REGISTRY, {}),
    "auditor": (Role.AUDITOR, Purpose.OVERSIGHT, {}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A registry of this file's own; of each handler two: a colleague, and one who was once known as that officer."""

    registry: RunningRegistry
    truth: asyncpg.Connection
    orders: dict[tuple[str, str], TokenOrder]


async def set_stage(registry: RunningRegistry, truth: asyncpg.Connection) -> Stage:
    """Install everyone; the assignment and the break-glass of the one concerned are put past their triggers."""
    orders = {}
    for name, (role, purpose, place) in HANDLERS.items():
        for who in ("colleague", "himself"):
            order = await install(truth, f"{name}-{who}", role, **place)
            orders[name, who] = replace(order, purpose=purpose)
            if who == "himself":
                await install(truth, order.account, Role.OFFICER, officer=WALKER.id, ended=True)
    await truth.execute("SET session_replication_role = replica")
    for who in ("colleague", "himself"):
        await truth.execute(ASSIGN, UUID(OUTCOME), orders["adjudicator", who].account, "somebody", "doj_adjudicator")
        await truth.execute(
            "INSERT INTO registry.break_glass_accesses (id, series_id, account, case_number, reason, hours, "
            "approved_by, approved_at, valid) VALUES (gen_random_uuid(), $1, $2, 'OIG-1', 'planted', 8, 'somebody', "
            "now(), tstzrange(now(), now() + interval '8 hours'))",
            UUID(OUTCOME),
            orders["auditor", who].account,
        )
    await truth.execute("SET session_replication_role = origin")
    return Stage(registry=registry, truth=truth, orders=orders)


ASSIGN = (
    "INSERT INTO registry.case_assignments (id, series_id, account, role, valid, assigned_by) "
    "VALUES (gen_random_uuid(), $1, $2, $4, tstzrange(now() - interval '1 minute', NULL), $3)"
)


@pytest_asyncio.fixture(scope="module")
async def stage(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[Stage]:
    """All walls."""
    async with copy_registry(cluster, settings, told) as registry:
        truth = await connect_superuser(cluster, name_database(registry))
        yield await set_stage(registry, truth)
        await truth.close()


@pytest_asyncio.fixture(scope="module")
async def without_rows(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[Stage]:
    """No row security: every login reads and writes every row of its tables."""
    async with copy_registry(cluster, settings, told) as registry:
        truth = await connect_superuser(cluster, name_database(registry))
        walled = await truth.fetch("SELECT oid::regclass::text AS name FROM pg_class WHERE relrowsecurity")
        assert len(walled) > 20
        for row in walled:
            await truth.execute(f"ALTER TABLE {row['name']} DISABLE ROW LEVEL SECURITY")
        yield await set_stage(registry, truth)
        await truth.close()


async def see(stage: Stage, order: TokenOrder, what: str) -> bool:
    """Whether a record is answered through the path."""
    document, global_id = SHOW[what]
    return bool((await stage.registry.ask(order, document, id=global_id))["node"])


async def see_bare(stage: Stage, order: TokenOrder, what: str) -> bool:
    """Whether a record is answered by a plan that holds nothing back itself."""
    document, global_id = SHOW[what]
    plan = plan_bare(stage.registry, order, document, {"id": global_id})
    found = await run_plan(stage.registry, order, plan, {"id": global_id}, await sign_context(stage.registry, order))
    assert found.context_held
    return '"id"' in found.body


@pytest.mark.parametrize("what", SHOW)
@pytest.mark.parametrize("name", HANDLERS)
async def test_a_handler_sees_nothing_of_a_record_of_his_own_that_his_colleague_sees(
    stage: Stage, name: str, what: str
) -> None:
    assert await see(stage, stage.orders[name, "colleague"], what)
    assert not await see(stage, stage.orders[name, "himself"], what)


@pytest.mark.parametrize("what", SHOW)
@pytest.mark.parametrize("name", HANDLERS)
async def test_the_database_alone_keeps_it_from_him(stage: Stage, name: str, what: str) -> None:
    assert await see_bare(stage, stage.orders[name, "colleague"], what)
    assert not await see_bare(stage, stage.orders[name, "himself"], what)


@pytest.mark.parametrize("what", SHOW)
@pytest.mark.parametrize("name", HANDLERS)
async def test_the_policy_alone_keeps_it_from_him(without_rows: Stage, name: str, what: str) -> None:
    assert await see(without_rows, without_rows.orders[name, "colleague"], what)
    assert not await see(without_rows, without_rows.orders[name, "himself"], what)


# What a person does to a record, and which of the named persons may not be of the reporting agency either.
ACTS = {
    "assigned to judge as the State": (
        ASSIGN.replace("$2, $4", "$2, 'post_officer'").replace("$3)", "'somebody')"),
        True,
    ),
    "assigned to judge as the Department": (
        ASSIGN.replace("$2, $4", "$2, 'doj_adjudicator'").replace("$3)", "'somebody')"),
        True,
    ),
    "assigns": (ASSIGN.replace("$2, $4", "'somebody', 'doj_adjudicator'").replace("$3)", "$2)"), False),
    "determines": (
        "INSERT INTO registry.determinations (id, series_id, version, rule_pack, rule_pack_version, result, missing, "
        "decided_by) VALUES (gen_random_uuid(), $1, 1, 'termination', 1, 'SATISFIED', '{}', $2)",
        True,
    ),
    "decides a dispute": (
        "INSERT INTO registry.disputes (id, series_id, ground, decided_by, decided_at, outcome) "
        "VALUES (gen_random_uuid(), $1, 'FACTUAL', $2, now(), 'UPHELD')",
        True,
    ),
    "certifies": (
        "INSERT INTO registry.outcome_versions (series_id, version, report_type, supersedes, valid, recorded, "
        "content_commitment, certified_by, certified_at) VALUES ($1, 90, 'CORRECTION', 1, daterange('2020-01-01', NULL)"
        ", tstzrange('2000-01-01', '2000-01-02'), sha256('x'), $2, now())",
        False,
    ),
    "screens a statement": (
        "INSERT INTO registry.officer_statements (id, series_id, version, body, screened_by, screened_at, recorded) "
        "VALUES (gen_random_uuid(), $1, 90, 'a statement', $2, now(), tstzrange('2000-01-01', '2000-01-02'))",
        False,
    ),
    "places a hold": (
        "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by) "
        "VALUES (gen_random_uuid(), $1, 'STAY', tstzrange('2000-01-01', '2000-01-02'), 'a court', $2)",
        False,
    ),
    "releases a hold": (
        "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by, released_by, released_at) "
        "VALUES (gen_random_uuid(), $1, 'STAY', tstzrange('2000-01-01', '2000-01-02'), 'a court', 'somebody', $2, "
        "now())",
        False,
    ),
}


async def act(truth: asyncpg.Connection, act_name: str, account: str) -> None:
    """Let an account do it, and undo it."""
    transaction = truth.transaction()
    await transaction.start()
    try:
        await truth.execute(ACTS[act_name][0], UUID(OUTCOME), account)
    finally:
        await transaction.rollback()


@pytest.mark.parametrize("ended", [False, True], ids=["is", "was"])
@pytest.mark.parametrize("name", ACTS)
async def test_the_database_refuses_whoever_is_or_was_the_officer(stage: Stage, name: str, ended: bool) -> None:
    account = f"own-hand-{uuid4()}"
    await act(stage.truth, name, account)
    await install(stage.truth, account, Role.OFFICER, officer=WALKER.id, ended=ended)
    with pytest.raises(asyncpg.RestrictViolationError):
        await act(stage.truth, name, account)


@pytest.mark.parametrize("ended", [False, True], ids=["holds", "held"])
@pytest.mark.parametrize("role", [Role.HIRING_INVESTIGATOR, Role.RECORDS_OFFICER, Role.AGENCY_HEAD])
@pytest.mark.parametrize("name", [name for name, (_, of_no_agency) in ACTS.items() if of_no_agency])
async def test_the_database_lets_nobody_judge_who_holds_or_held_a_role_at_the_reporting_agency(
    stage: Stage, name: str, role: Role, ended: bool
) -> None:
    account = f"of-the-agency-{uuid4()}"
    await install(stage.truth, account, role, agency=TALLOWMERE, ended=ended)
    await act(stage.truth, name, account)
    await install(stage.truth, account, role, agency=HARBORLIGHT, ended=ended)
    with pytest.raises(asyncpg.RestrictViolationError):
        await act(stage.truth, name, account)


async def ask_to_open(stage: Stage, account: str) -> UUID:
    """A request of an account that waits."""
    asked: UUID = await stage.truth.fetchval(
        "INSERT INTO registry.break_glass_accesses (id, series_id, account, case_number, reason, hours) "
        "VALUES (gen_random_uuid(), $1, $2, 'OIG-2', 'planted', 8) RETURNING id",
        UUID(OUTCOME),
        account,
    )
    return asked


APPROVE = (
    "UPDATE registry.break_glass_accesses SET approved_by = $2, approved_at = now(), "
    "valid = tstzrange(now(), now() + interval '8 hours') WHERE id = $1"
)
NO_TWO_PERSONS = "ALTER TABLE registry.break_glass_accesses DROP CONSTRAINT ck_break_glass_accesses_two_persons"
TWO_PERSONS = (
    "ALTER TABLE registry.break_glass_accesses ADD CONSTRAINT ck_break_glass_accesses_two_persons "
    "CHECK (approved_by <> account)"
)


async def test_the_constraint_alone_refuses_an_approval_of_ones_own_request(without_rows: Stage) -> None:
    auditor = without_rows.orders["auditor", "colleague"]
    asked = await ask_to_open(without_rows, auditor.account)
    with pytest.raises(asyncpg.CheckViolationError):
        async with smuggle(without_rows.registry, auditor) as connection:
            await connection.execute(APPROVE, asked, auditor.account)


async def test_the_policy_alone_refuses_an_approval_of_ones_own_request(stage: Stage) -> None:
    """The constraint is away: row security, written from the rule that denies it, is not."""
    auditor = stage.orders["auditor", "colleague"]
    asked = await ask_to_open(stage, auditor.account)
    await stage.truth.execute(NO_TWO_PERSONS)
    try:
        with pytest.raises(ProbityError) as refused:
            async with smuggle(stage.registry, auditor) as connection:
                await connection.execute(APPROVE, asked, auditor.account)
        assert refused.value.code is ErrorCode.FORBIDDEN
        # Another auditor's approval is another matter, if he signs for himself.
        other = await install(stage.truth, f"auditor-{uuid4()}", Role.AUDITOR)
        with pytest.raises(ProbityError):
            async with smuggle(stage.registry, other) as connection:
                await connection.execute(APPROVE, asked, "somebody-else")
        async with smuggle(stage.registry, other) as connection:
            assert await connection.execute(APPROVE, asked, other.account) == "UPDATE 1"
    finally:
        await stage.truth.execute(TWO_PERSONS)


async def test_the_command_alone_refuses_an_approval_of_ones_own_request(without_rows: Stage) -> None:
    auditor = without_rows.orders["auditor", "colleague"]
    asked = await ask_to_open(without_rows, auditor.account)
    await without_rows.truth.execute(NO_TWO_PERSONS)
    try:
        access = encode_id("BreakGlassAccess", str(asked))
        refused = await send(without_rows.registry, auditor, "approveBreakGlass", accessId=access, expectedVersion=1)
        assert refused["code"] == "TWO_PERSONS"
    finally:
        await without_rows.truth.execute(TWO_PERSONS)


@pytest.mark.parametrize("who", ["asks", "approves"])
async def test_the_trigger_alone_refuses_to_open_a_record_to_or_by_the_officer_himself(
    without_rows: Stage, who: str
) -> None:
    himself, colleague = (without_rows.orders["auditor", name] for name in ("himself", "colleague"))
    asker, approver = (himself, colleague) if who == "asks" else (colleague, himself)
    asked = await ask_to_open(without_rows, asker.account)
    with pytest.raises(asyncpg.RestrictViolationError):
        async with smuggle(without_rows.registry, approver) as connection:
            await connection.execute(APPROVE, asked, approver.account)
    third = await install(without_rows.truth, f"auditor-{uuid4()}", Role.AUDITOR)
    asked = await ask_to_open(without_rows, third.account)
    async with smuggle(without_rows.registry, colleague) as connection:
        assert await connection.execute(APPROVE, asked, colleague.account) == "UPDATE 1"


async def test_an_approval_cannot_be_forged_by_ending_it_in_the_same_statement(stage: Stage) -> None:
    auditor = stage.orders["auditor", "colleague"]
    asked = await ask_to_open(stage, auditor.account)
    forged = APPROVE.replace("SET ", "SET ended_by = $3, ended_at = now(), ")
    with pytest.raises((asyncpg.RestrictViolationError, asyncpg.CheckViolationError)):
        async with smuggle(stage.registry, auditor) as connection:
            await connection.execute(forged, asked, "somebody", auditor.account)


INSERT = (
    "INSERT INTO registry.grants (id, account, role, valid, granted_by) "
    "VALUES (gen_random_uuid(), $1, 'doj_analyst', tstzrange(now(), NULL), $2)"
)
NO_OTHER_GIVER = "ALTER TABLE registry.grants DROP CONSTRAINT ck_grants_not_to_oneself"
OTHER_GIVER = "ALTER TABLE registry.grants ADD CONSTRAINT ck_grants_not_to_oneself CHECK (granted_by <> account)"


async def test_each_wall_alone_refuses_a_role_given_to_oneself(stage: Stage, without_rows: Stage) -> None:
    account = stage.orders["registrar", "colleague"].account
    # The constraint: no row security.
    with pytest.raises(asyncpg.CheckViolationError):
        async with smuggle(without_rows.registry, without_rows.orders["registrar", "colleague"]) as connection:
            await connection.execute(INSERT, account, account)
    for each in (stage, without_rows):
        await each.truth.execute(NO_OTHER_GIVER)
    try:
        # Row security: no constraint.
        with pytest.raises(ProbityError) as refused:
            async with smuggle(stage.registry, stage.orders["registrar", "colleague"]) as connection:
                await connection.execute(INSERT, account, account)
        assert refused.value.code is ErrorCode.FORBIDDEN
        # The command: neither.
        registrar = without_rows.orders["registrar", "colleague"]
        told = await send(without_rows.registry, registrar, "grantRole", account=account, role="doj_analyst")
        assert told["code"] == "NOT_TO_ONESELF"
    finally:
        for each in (stage, without_rows):
            await each.truth.execute(OTHER_GIVER)
