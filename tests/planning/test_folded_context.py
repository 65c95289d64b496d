"""The context is set inside the statement itself: before any guarded row is looked at, and gone when it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.demo.cast import StoryCheck
from app.domain.vocabulary import Action
from app.planning.plan import Plan
from app.storage.logins import LOGIN_OF_ROLE, Login
from tests.access.second_wall import find_principal, run_plan, sign_context
from tests.journeys.conftest import RunningRegistry
from tests.planning.documents import WALKER_ID
from tests.properties.askers import ASKERS
from tests.properties.plain_rows import encode_id

Asked = tuple[str, str, dict[str, Any]]
ASKED: list[Asked] = [
    (
        "records",
        "{ outcomes(first: 3) { nodes { id kind holds { kind } matter { kind steps { element } } } totalCount } }",
        {},
    ),
    (
        "records",
        "{ officers(first: 3) { nodes { familyName names { kind } stints(first: 2) { nodes { rank } } } } }",
        {},
    ),
    (
        "post",
        "{ outcomes(last: 3) { edges { cursor node { kind officer { familyName } } } pageInfo { hasPreviousPage } } }",
        {},
    ),
    ("post_oregon", "{ officers(first: 2) { nodes { id outcomes(first: 2) { totalCount } } } viewer { role } }", {}),
    (
        "officer",
        "{ me { record { familyName } outcomes(first: 3) { nodes { kind } } consents(first: 2) { totalCount } } }",
        {},
    ),
    ("officer", "{ me { notices(first: 3) { nodes { cause } } } }", {}),
    ("head", '{ agency(ori: "WA9990100") { roleGrants(first: 5) { nodes { account } } } }', {}),
    (
        "investigator",
        "{ candidateChecks(first: 9) { nodes { kind officer { familyName outcomes(first: 1) { nodes { kind } } } } } }",
        {},
    ),
    ("investigator", "query($id: ID!) { officer(id: $id) { familyName } }", {"id": WALKER_ID}),
    (
        "investigator",
        "query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }",
        {"ids": [WALKER_ID, encode_id("CandidateCheck", StoryCheck.WALKER_FULL.value)]},
    ),
    ("monitor_cove", "{ outcomes(first: 2) { nodes { kind basis } } officers(first: 2) { nodes { familyName } } }", {}),
]
OPERATIONS = Path(__file__).resolve().parents[2] / "graphql" / "operations"
# Who puts the published operations of each audience; monitoring is a purpose of its own.
AUDIENCES = {
    "adjudicator": "adjudicator",
    "agency": "records",
    "analyst": "analyst",
    "auditor": "auditor",
    "body": "body",
    "certifier": "certifier",
    "grants": "grants",
    "head": "head",
    "hiring": "investigator",
    "officer": "officer",
    "post": "post",
    "registrar": "registrar",
    "representative": "representative",
    "shared": "records",
}
REPEATS = 100
OPEN_CONTEXT = re.compile(r"gate\.open_context\((\$\d+::[A-Z]+)\) AS gate")


def read_operations() -> list[Asked]:
    """Every published question of those who sign in, with the variables that lie beside it; commands are left out."""
    found: list[Asked] = []
    for path in sorted(OPERATIONS.rglob("*.graphql")):
        text = path.read_text("utf-8")
        if path.parent.name not in AUDIENCES or "mutation" in text:
            continue
        beside = path.with_suffix(".variables.json")
        variables = json.loads(beside.read_text("utf-8")) if beside.exists() else {}
        person = "monitor_cove" if path.stem in {"EmployeeOutcomes", "Monitors"} else AUDIENCES[path.parent.name]
        found.append((person, text, variables))
    return found


def prepare(running: RunningRegistry, person: str, document: str, variables: dict[str, Any]) -> Plan:
    """The plan that the path uses."""
    order = ASKERS[person]
    assert order is not None
    policy = running.pipeline.policy
    prepared = policy.planner.prepare(
        document,
        None,
        variables,
        schema=policy.find_contract(order.role, order.purpose).schema,
        grant=policy.find_grant(order.role, order.purpose),
        counting=policy.find_grant(order.role, order.purpose, Action.AGGREGATE),
    )
    assert prepared.plan is not None
    return prepared.plan


def is_empty(value: Any) -> bool:
    """Whether an answer tells of no row."""
    if isinstance(value, dict):
        return all(is_empty(each) for name, each in value.items() if name not in {"viewer", "__typename"})
    if isinstance(value, list):
        return all(map(is_empty, value))
    return value in (None, 0, False)


@pytest.mark.parametrize(("person", "document", "variables"), ASKED)
async def test_without_its_context_a_statement_gives_nothing(
    person: str, document: str, variables: dict[str, Any], shared: RunningRegistry
) -> None:
    order = ASKERS[person]
    assert order is not None
    plan = prepare(shared, person, document, variables)
    held = await run_plan(shared, order, plan, variables, await sign_context(shared, order))
    assert held.context_held
    assert not is_empty(json.loads(held.body))
    for context in (None, "", "x" * 100, (await sign_context(shared, order))[:-1]):
        found = await run_plan(shared, order, plan, variables, context)
        assert not found.context_held
        assert found.disclosed.split() == []
        assert is_empty(json.loads(found.body)), found.body


@pytest.mark.parametrize(("person", "document", "variables"), ASKED)
async def test_a_statement_that_does_not_set_its_context_itself_gives_nothing(
    person: str, document: str, variables: dict[str, Any], shared: RunningRegistry
) -> None:
    order = ASKERS[person]
    assert order is not None
    principal = await find_principal(shared, order)
    plan = prepare(shared, person, document, variables)
    # The same slots, but the context is only passed along, never set.
    sql, replaced = OPEN_CONTEXT.subn(r"gate.read_context() AS gate CROSS JOIN (SELECT \1) AS passed", plan.sql)
    assert replaced == 1
    values = plan.bind(variables, principal, shared.pipeline.clock(), await sign_context(shared, order))
    async with shared.pipeline.pools.open_read(LOGIN_OF_ROLE[order.role]) as session:
        found = await session.run_plan(sql, values)
    assert not found.context_held
    assert is_empty(json.loads(found.body)), found.body


def walk(node: dict[str, Any], outer_gates: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """Every node of a plan, and whether the gate has been opened by the time it starts."""
    yield node, outer_gates
    children = [child for child in node.get("Plans", ()) if child.get("Parent Relationship") != "InitPlan"]
    opened = outer_gates
    for child in children:
        # A nested loop runs its inner side once there is an outer row, and the gate is that row.
        inner = node["Node Type"] == "Nested Loop" and child.get("Parent Relationship") == "Inner"
        yield from walk(child, outer_gates or (inner and opened))
        opened = opened or opens_gate(child)


def opens_gate(node: dict[str, Any]) -> bool:
    """Whether the context is opened at or below a node."""
    return node.get("Function Name") == "open_context" or any(opens_gate(child) for child in node.get("Plans", ()))


@pytest.mark.parametrize(("person", "document", "variables"), [*ASKED[::2], *read_operations()])
async def test_the_gate_is_the_outer_side_of_every_look_at_a_guarded_row(
    person: str, document: str, variables: dict[str, Any], shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    order = ASKERS[person]
    assert order is not None
    plan = prepare(shared, person, document, variables)
    if plan.is_counting:
        # Its context is set by the statement before it, in the same transaction.
        assert not OPEN_CONTEXT.search(plan.sql)
        return
    async with truth.transaction():
        await truth.execute(f"SET LOCAL ROLE {LOGIN_OF_ROLE[order.role].role_name}")
        await truth.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        await truth.execute(f"PREPARE asked AS {plan.sql}")
        nulls = ", ".join("NULL" for _ in plan.slots)
        explained = await truth.fetchval(f"EXPLAIN (VERBOSE, FORMAT JSON) EXECUTE asked({nulls})")
        await truth.execute("DEALLOCATE asked")
    root = json.loads(explained)[0]["Plan"]
    looked = [(node, opened) for node, opened in walk(root) if node.get("Schema") in {"registry", "audit"}]
    assert looked
    assert all(opened for _, opened in looked), [node.get("Relation Name") for node, opened in looked if not opened]
    assert "Gather" not in json.dumps(root)


@pytest.mark.parametrize(("person", "document", "variables"), read_operations())
async def test_a_statement_gives_the_same_a_hundred_times_under_one_generic_plan(
    person: str, document: str, variables: dict[str, Any], shared: RunningRegistry
) -> None:
    order = ASKERS[person]
    assert order is not None
    login = LOGIN_OF_ROLE[order.role]
    principal = await find_principal(shared, order)
    plan = prepare(shared, person, document, variables)
    now = shared.pipeline.clock()
    async with shared.pipeline.pools.open_read(login) as session:
        assert await session.connection.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
        bodies = set()
        for turn in range(REPEATS):
            context = await sign_without_asking(shared, principal, login, now)
            values = plan.bind(variables, principal, now, context)
            if plan.is_counting:
                # Planned for its values, not once for all: what it must give is the same.
                found = await session.run_count(plan.sql, values, context)
            else:
                found = await session.run_plan(plan.sql, values)
            assert found.context_held
            bodies.add(found.body)
            if turn % 20 == 0:
                left = await session.connection.fetchval("SELECT current_setting('probity.context', true)")
                assert left in {None, ""}
        used = await session.connection.fetchrow(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1", plan.sql
        )
    assert len(bodies) == 1
    if plan.is_counting:
        return
    assert used is not None
    assert used["generic_plans"] >= REPEATS
    assert used["custom_plans"] == 0


async def sign_without_asking(shared: RunningRegistry, principal: Any, login: Login, now: Any) -> str:
    """The context of a principal who is known already."""
    return shared.pipeline._sign(principal, login, shared.pipeline.policy.digest, now)


async def test_one_connection_serves_one_caller_after_another_without_a_trace(shared: RunningRegistry) -> None:
    """Two agencies by turns on one connection: neither sees a row of the other's."""
    seen: dict[str, set[str]] = {"records": set(), "records_cove": set()}
    document = "{ outcomes(first: 100) { nodes { id } } }"
    async with shared.pipeline.pools.open_read(Login.AGENCY) as session:
        for turn in range(20):
            person = ("records", "records_cove")[turn % 2]
            order = ASKERS[person]
            assert order is not None
            principal = await find_principal(shared, order)
            now = shared.pipeline.clock()
            plan = prepare(shared, person, document, {})
            context = shared.pipeline._sign(principal, Login.AGENCY, shared.pipeline.policy.digest, now)
            body = json.loads((await session.run_plan(plan.sql, plan.bind({}, principal, now, context))).body)
            seen[person].add(json.dumps(body))
    assert [len(each) for each in seen.values()] == [1, 1]
    ids = [{node["id"] for node in json.loads(each.pop())["outcomes"]["nodes"]} for each in seen.values()]
    assert ids[0]
    assert ids[1]
    assert not ids[0] & ids[1]


async def test_after_requests_no_connection_of_any_pool_holds_a_context(shared: RunningRegistry) -> None:
    for person, document, variables in ASKED:
        await shared.ask(ASKERS[person], document, **variables)
    for pool in shared.pipeline.pools.by_login.values():
        connections = [await pool.acquire() for _ in range(pool.get_max_size())]
        try:
            for connection in connections:
                for name in ("probity.context", "probity.verified"):
                    assert await connection.fetchval("SELECT current_setting($1, true)", name) in {None, ""}
                assert await connection.fetchval("SELECT current_user = session_user") is True
        finally:
            for connection in connections:
                await pool.release(connection)
