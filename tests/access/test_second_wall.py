"""Row security alone lets through what policy allows and nothing else; the plans alone do too."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.demo.cast import CINDER_COVE, HARBORLIGHT, StoryOutcome
from app.domain.vocabulary import Purpose, Role
from app.identity.presented import PresentedToken
from app.pipeline import GraphQLRequest
from app.storage.context import ContextSigner
from app.storage.logins import LOGIN_OF_ROLE, Login
from tests.access.second_wall import plan_bare, run_plan, sign_context
from tests.access.test_disclosures import SHOWING, read_last
from tests.journeys.conftest import RunningRegistry
from tests.planning.documents import LISTS, MASKED
from tests.properties.askers import ASKERS, EACH_ASKER
from tests.properties.everything import ask_everything
from tests.properties.oracle import TYPE_OF_KIND, Line, Oracle, World
from tests.properties.plain_rows import encode_id

SIGNED_IN = [person for person, order in ASKERS.items() if order is not None]
KINDS = ("outcome", "officer", "stint", "certification", "candidate_check", "consent", "notice", "grant")
# What shows of a row that is kept in another table, and the fields of which one at least must be readable for it.
KEPT_ELSEWHERE: dict[str, tuple[str, ...]] = {
    "holds": ("Hold.kind",),
    "determinations": ("Determination.result",),
    "matter": ("Matter.kind",),
    "versions": ("OutcomeVersion.version", "Outcome.reportType"),
    "reportType": ("OutcomeVersion.version", "Outcome.reportType"),
    "actionDate": ("Outcome.actionDate", "Outcome.basis", "OutcomeVersion.actionDate"),
    "legalBasis": ("Outcome.actionDate", "Outcome.basis", "OutcomeVersion.actionDate"),
    "statement": ("Outcome.statement",),
    "names": ("OfficerName.kind",),
    "identifiers": ("OfficerIdentifier.value",),
}


@pytest.fixture(scope="module")
def counted() -> Iterator[Counter[str]]:
    """Rows that came and rows that row security kept back, over all askers."""
    yield Counter()


@pytest.mark.parametrize("person", EACH_ASKER[1:])
async def test_row_security_alone_lets_through_the_rows_that_policy_allows(
    person: str, shared: RunningRegistry, world: World, counted: Counter[str]
) -> None:
    order = ASKERS[person]
    assert order is not None
    oracle = world.consult(shared.pipeline.policy.point, world.name_asker(order))
    schema = shared.pipeline.policy.find_contract(order.role, order.purpose).schema
    context = await sign_context(shared, order)
    for kind in KINDS:
        type_name = TYPE_OF_KIND[kind]
        if type_name not in schema.type_map:
            continue
        document = ask_everything(schema, type_name)
        plan = plan_bare(shared, order, document, {"ids": []})
        lines = world.list_some(kind)
        for start in range(0, len(lines), 100):
            page = lines[start : start + 100]
            variables = {"ids": [encode_id(type_name, line["id"]) for line in page]}
            found = await run_plan(shared, order, plan, variables, context)
            assert found.context_held
            for line, shown in zip(page, json.loads(found.body)["nodes"], strict=True):
                assert (shown is not None) == oracle.sees(line), (person, line["id"])
                counted["came" if shown else "kept back"] += 1
                require_covered(oracle, line, shown or {}, counted)


def require_covered(oracle: Oracle, line: Line, shown: Line, counted: Counter[str]) -> None:
    """What lies in other tables shows only where a field kept there may be read."""
    for name, fields in KEPT_ELSEWHERE.items():
        readable = any(oracle.reads(line, field) for field in fields)
        assert readable or not shown.get(name), (line["id"], name)
        counted["kept back elsewhere"] += name in shown and not readable


def test_row_security_had_much_to_keep_back(counted: Counter[str]) -> None:
    print(f"rows without the plans' conditions: {dict(counted)}")
    assert counted["came"] > 500
    assert counted["kept back"] > 2_500
    assert counted["kept back elsewhere"] > 150


async def answer_all(running: RunningRegistry, world: World) -> list[bytes]:
    """The bytes of the widest questions of everyone, about every row."""
    found = []
    for person in ("investigator", "records", "post", "monitor"):
        order = ASKERS[person]
        assert order is not None
        schema = running.pipeline.policy.find_contract(order.role, order.purpose).schema
        for kind in ("outcome", "officer", "stint"):
            type_name = TYPE_OF_KIND[kind]
            if type_name not in schema.type_map:
                continue
            document = ask_everything(schema, type_name)
            lines = [line for line in world.by_kind[kind] if line["id"][1:4] in {"999", "000"}]
            for start in range(0, len(lines), 100):
                ids = [encode_id(type_name, line["id"]) for line in lines[start : start + 100]]
                request = GraphQLRequest(
                    document=document, operation_name=None, variables={"ids": ids}, may_command=False
                )
                presented = PresentedToken(compact=running.issuer.issue_token(order))
                found.append((await running.pipeline.answer(request, presented)).body)
    return found


async def drop_row_security(truth: asyncpg.Connection) -> None:
    """Take row security off every table that has it."""
    tables = await truth.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_policies GROUP BY 1 ORDER BY 1"
    )
    assert len(tables) > 20
    for row in tables:
        await truth.execute(f"ALTER TABLE {row['name']} DISABLE ROW LEVEL SECURITY")


async def test_lists_counts_and_records_are_the_same_without_row_security(
    shared: RunningRegistry, truth: asyncpg.Connection, registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    await drop_row_security(own_truth)
    asked = [*LISTS, *MASKED[::3], *SHOWING]
    for person, document, variables in asked:
        both = await shared.ask(ASKERS[person], document, **variables)
        alone = await registry.ask(ASKERS[person], document, **variables)
        assert alone == both, document
        if person != "public":
            assert (await read_last(own_truth))[1] == (await read_last(truth))[1], document
    assert len(asked) > 25


async def test_the_plans_alone_hide_as_much_as_plans_and_row_security(
    shared: RunningRegistry, registry: RunningRegistry, own_truth: asyncpg.Connection, world: World
) -> None:
    both = await answer_all(shared, world)
    await drop_row_security(own_truth)
    assert await answer_all(registry, world) == both
    assert sum(map(len, both)) > 100_000


async def count_rows(connection: asyncpg.Connection) -> dict[str, int]:
    """How many rows of each guarded table the login gets."""
    granted = await connection.fetch(
        "SELECT c.oid::regclass::text AS name, min(a.attname) AS attname FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 "
        "WHERE n.nspname IN ('registry', 'audit') AND c.relkind = 'r' AND c.relrowsecurity "
        "AND has_column_privilege(c.oid, a.attnum, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') GROUP BY 1"
    )
    return {
        row["name"]: await connection.fetchval(f'SELECT count("{row["attname"]}") FROM {row["name"]}')
        for row in granted
    }


async def count_under_each(
    running: RunningRegistry, login: Login, contexts: Sequence[str | None]
) -> list[dict[str, int]]:
    """The same under contexts set for the whole connection, as someone inside it could set them."""
    connection = await asyncpg.connect(running.addresses.by_login[login])
    try:
        found = []
        for context in contexts:
            if context is not None:
                await connection.execute("SELECT set_config('probity.context', $1, false)", context)
            found.append(await count_rows(connection))
        return found
    finally:
        await connection.close()


async def count_under(running: RunningRegistry, login: Login, context: str | None) -> dict[str, int]:
    """The same under one context, or none."""
    return (await count_under_each(running, login, [context]))[0]


@pytest.mark.parametrize("person", SIGNED_IN)
async def test_a_context_that_holds_shows_rows_and_none_shows_none(person: str, shared: RunningRegistry) -> None:
    order = ASKERS[person]
    assert order is not None
    login = LOGIN_OF_ROLE[order.role]
    contexts = [None, "", " ", await sign_context(shared, order), ""]
    *nothings, something, afterwards = await count_under_each(shared, login, contexts)
    assert sum(something.values()) > 0
    for counts in (*nothings, afterwards):
        assert set(counts.values()) == {0}


def flip(text: str, place: int) -> str:
    """The text with one character changed."""
    return text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :]


async def test_a_context_that_was_altered_shows_nothing(shared: RunningRegistry) -> None:
    order = ASKERS["records"]
    assert order is not None
    valid = await sign_context(shared, order)
    payload = valid[65:]
    forged = [
        *(flip(valid, place) for place in range(0, len(valid), 23)),
        valid[:64] + ":" + payload.replace("records_officer", "agency_head"),
        valid[:64] + ":" + payload.replace(HARBORLIGHT.id, CINDER_COVE.id),
        valid[:64] + ":" + payload + " ",
        "0" * 64 + ":" + payload,
        payload,
        valid[:64],
        valid[:-1],
        valid.upper(),
        "x" * 200,
        "0" * 64 + ":{}",
        "é" * 100,
        "0" * 64 + ":" + '{"login":"probity_agency"}',
        ContextSigner(b"another key").sign(await claims_of(shared)),
    ]
    *nothings, something = await count_under_each(shared, Login.AGENCY, [*forged, valid])
    for context, counts in zip(forged, nothings, strict=True):
        assert set(counts.values()) == {0}, context
    assert sum(something.values()) > 0


async def claims_of(shared: RunningRegistry) -> Any:
    """The claims that the path signs for the records officer."""
    order = ASKERS["records"]
    assert order is not None
    signer = shared.pipeline.signer
    kept: list[Any] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(signer), "sign", lambda _self, claims: kept.append(claims) or "")
        await sign_context(shared, order)
    return kept[0]


async def test_a_context_of_another_time_login_place_role_or_grant_shows_nothing(
    shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    order = ASKERS["records"]
    assert order is not None
    head = await truth.fetchval("SELECT id FROM registry.grants WHERE account = 'demo-head'")
    now = datetime.now(UTC)
    changed: list[dict[str, Any]] = [
        {"expires": int(now.timestamp()) - 1},
        {"expires": 0},
        {"login": Login.POST},
        {"login": Login.COMMAND},
        {"agency_id": UUID(CINDER_COVE.id)},
        {"agency_id": None},
        {"state_code": "WA"},
        {"account": "demo-head"},
        {"account": ""},
        {"role": Role.AGENCY_HEAD.value},
        {"role": Role.HIRING_INVESTIGATOR.value},
        {"grant_id": None},
        {"grant_id": uuid4()},
        {"grant_id": head},
        {"officer_id": uuid4()},
        {"at": now - timedelta(days=4000)},
        {"at": now + timedelta(days=4000)},
        {"purpose": "hiring"},
        {"purpose": "nonsense"},
        {"purpose": "public"},
        {"role": "public"},
        {"role": "public", "purpose": "public"},
        {"role": "nonsense"},
    ]
    contexts = [await sign_context(shared, order, **changes) for changes in changed]
    for changes, counts in zip(changed, await count_under_each(shared, Login.AGENCY, contexts), strict=True):
        assert set(counts.values()) == {0}, changes
    for login in (Login.POST, Login.OFFICER, Login.COMMAND):
        counts = await count_under(shared, login, await sign_context(shared, order))
        if login is not Login.COMMAND:
            assert set(counts.values()) == {0}
        assert counts.get("registry.grants", 0) == 0


async def test_monitoring_and_records_are_told_apart_by_row_security(shared: RunningRegistry) -> None:
    """One account, one grant, two purposes: the context's purpose decides, not the union of both."""
    monitor, records = ASKERS["monitor"], ASKERS["records"]
    assert monitor is not None
    assert records is not None
    assert (monitor.purpose, records.purpose) == (Purpose.MONITORING, Purpose.RECORDS)
    narrow = await count_under(shared, Login.AGENCY, await sign_context(shared, monitor))
    wide = await count_under(shared, Login.AGENCY, await sign_context(shared, records))
    assert narrow["registry.candidate_checks"] == 0 < wide["registry.candidate_checks"]
    assert 0 < narrow["registry.outcome_series"] < wide["registry.outcome_series"]


async def test_a_grant_that_was_ended_ends_its_context_at_once(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    order = ASKERS["records"]
    assert order is not None
    context = await sign_context(registry, order)
    assert sum((await count_under(registry, Login.AGENCY, context)).values()) > 0
    await own_truth.execute(
        "UPDATE registry.grants SET valid = tstzrange(lower(valid), now() - interval '1 second'), "
        "revoked_by = 'test', revoked_at = now() WHERE account = 'demo-records'"
    )
    assert set((await count_under(registry, Login.AGENCY, context)).values()) == {0}


async def test_a_sealed_outcome_is_hidden_from_its_own_investigators_with_all_that_hangs_on_it(
    shared: RunningRegistry,
) -> None:
    order = ASKERS["post"]
    assert order is not None
    connection = await asyncpg.connect(shared.addresses.by_login[Login.POST])
    try:
        await connection.execute("SELECT set_config('probity.context', $1, false)", await sign_context(shared, order))
        for table, column in (
            ("outcome_series", "id"),
            ("outcome_versions", "series_id"),
            ("outcome_contents", "series_id"),
            ("determinations", "series_id"),
        ):
            for outcome, shows in ((StoryOutcome.SANDERS_SEALED, False), (StoryOutcome.WALKER_TERMINATED, True)):
                found = await connection.fetchval(
                    f"SELECT count({column}) FROM registry.{table} WHERE {column} = $1", UUID(outcome.value)
                )
                assert bool(found) is shows, (table, outcome)
    finally:
        await connection.close()
