"""No answer about a person leaves without its durable record, and the record names exactly what the answer shows."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.demo.cast import GULLWING, TORRES, WALKER, StoryCheck
from app.domain.vocabulary import HoldInForce
from app.errors import ErrorCode, ProbityError
from app.identity.presented import PresentedToken
from app.pipeline import GraphQLRequest
from tests.journeys.conftest import RunningRegistry
from tests.planning.documents import WALKER_ID, WALKER_OUTCOME
from tests.properties.askers import ASKERS, order_officer
from tests.properties.oracle import World
from tests.properties.plain_rows import encode_id

Item = tuple[str, str | None, int | None]
RECORD = "{ __typename id version officer { __typename id } }"
PERSON = f"{{ __typename id outcomes(first: 20) {{ nodes {RECORD} }} }}"
# Answers that show every officer and outcome in them by id and version, so that the record can be read off the body.
SHOWING: list[tuple[str, str, dict[str, Any]]] = [
    ("records", f"query Q {{ outcomes(first: 20) {{ nodes {RECORD} }} }}", {}),
    ("records", f"query Q {{ officers(first: 10) {{ nodes {PERSON} }} }}", {}),
    (
        "records",
        f"query Q {{ officers(last: 3) {{ edges {{ node {PERSON} }} }} outcomes(last: 2) {{ nodes {RECORD} }} }}",
        {},
    ),
    ("post", f"query Q($id: ID!) {{ officer(id: $id) {PERSON} }}", {"id": WALKER_ID}),
    (
        "post",
        f"query Q($id: ID!) {{ node(id: $id) {{ __typename id ... on Outcome {{ version officer {PERSON} }} }} }}",
        {"id": WALKER_OUTCOME},
    ),
    ("investigator", f"query Q {{ candidateChecks(first: 30) {{ nodes {{ officer {PERSON} }} }} }}", {}),
    (
        "investigator",
        "query Q($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }",
        {"ids": [WALKER_ID, encode_id("Officer", TORRES.id), "x"]},
    ),
    ("officer", f"query Q {{ me {{ record {PERSON} outcomes(first: 5) {{ nodes {RECORD} }} }} }}", {}),
    ("monitor_cove", f"query Q {{ officers(first: 30) {{ nodes {PERSON} }} }}", {}),
    (
        "records",
        "query Q { officers(first: 2) { nodes { __typename id stints(first: 5) { nodes { rank "
        "officer { __typename id } } } "
        "certifications(first: 5) { nodes { type officer { __typename id } } } } } }",
        {},
    ),
    ("records", f"query Q {{ outcomes(first: 0) {{ nodes {RECORD} }} officers(first: 1) {{ nodes {PERSON} }} }}", {}),
]


def list_items(value: Any, officer: str | None = None) -> Iterator[Item]:
    """The officers and outcomes that an answer shows; an outcome below an officer is that officer's."""
    if isinstance(value, list):
        for each in value:
            yield from list_items(each, officer)
    if not isinstance(value, dict):
        return
    kind = value.get("__typename")
    if kind == "Officer":
        officer = read_key(value["id"])
        yield (officer, None, None)
    if kind == "Outcome":
        about = read_key(value["officer"]["id"]) if value.get("officer") else officer
        assert about is not None
        yield (about, read_key(value["id"]), value["version"])
    for each in value.values():
        yield from list_items(each, officer)


def read_key(relay_id: str) -> str:
    """The uuid in a Relay id."""
    return base64.b64decode(relay_id).decode().partition(":")[2]


async def read_last(truth: asyncpg.Connection) -> tuple[asyncpg.Record, set[Item]]:
    """The newest record of an answer, and its items."""
    record = await truth.fetchrow(
        "SELECT * FROM audit.records WHERE kind IN ('DISCLOSURE', 'QUERY') ORDER BY at DESC, position DESC LIMIT 1"
    )
    assert record is not None
    items = await truth.fetch(
        "SELECT officer_id, series_id, version FROM audit.items WHERE record_id = $1", record["id"]
    )
    assert len(items) == record["item_count"]
    return record, {
        (str(each["officer_id"]), each["series_id"] and str(each["series_id"]), each["version"]) for each in items
    }


async def count_records(truth: asyncpg.Connection) -> int:
    """How many records there are."""
    return int(await truth.fetchval("SELECT count(*) FROM audit.records"))


@pytest.mark.parametrize(("person", "document", "variables"), SHOWING)
async def test_the_record_names_exactly_what_the_answer_shows(
    person: str, document: str, variables: dict[str, Any], shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    before = await count_records(truth)
    answer = await shared.ask(ASKERS[person], document, **variables)
    assert await count_records(truth) == before + 1
    record, items = await read_last(truth)
    shown = set(list_items(answer))
    assert shown
    assert items == shown
    order = ASKERS[person]
    assert order is not None
    assert (record["kind"], record["account"], record["role"], record["purpose"]) == (
        "DISCLOSURE",
        order.account,
        order.role.value,
        order.purpose.value,
    )
    assert record["operation"] == "Q"
    assert record["document_sha256"] == hashlib.sha256(document.encode()).digest()
    assert record["policy_sha256"] == shared.pipeline.policy.digest


CURSORS: list[tuple[str, int]] = [
    ("{ outcomes(first: 3) { edges { cursor } } }", 3),
    ("{ outcomes(first: 3) { c: edges { cursor } d: edges { cursor } } }", 3),
    ("{ outcomes(first: 4) { pageInfo { startCursor } } }", 1),
    ("{ outcomes(last: 4) { pageInfo { endCursor } } }", 1),
    ("{ outcomes(first: 4) { pageInfo { startCursor endCursor } } }", 2),
    ("{ outcomes(first: 1) { pageInfo { startCursor endCursor } } }", 1),
    ("{ outcomes(first: 0) { edges { cursor } pageInfo { startCursor endCursor } } }", 0),
    ("{ outcomes(first: 4) { totalCount pageInfo { hasNextPage } } }", 0),
]


@pytest.mark.parametrize(("document", "rows"), CURSORS)
async def test_a_cursor_names_its_row_and_is_recorded_as_a_row(
    document: str, rows: int, shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    """A cursor is the key of its row, by which the row can be asked for: whoever was given it was told of the row."""
    answer = (await shared.ask("records", document))["outcomes"]
    record, items = await read_last(truth)
    cursors = {edge["cursor"] for name in ("edges", "c", "d") for edge in answer.get(name, ())}
    cursors |= {value for name, value in answer.get("pageInfo", {}).items() if name.endswith("Cursor") and value}
    assert {series for _, series, _ in items} == {str(UUID(bytes=base64.b64decode(each))) for each in cursors}
    assert len(items) == rows
    assert record["kind"] == ("DISCLOSURE" if rows else "QUERY")


async def test_a_masked_branch_is_not_recorded_as_disclosed(shared: RunningRegistry, truth: asyncpg.Connection) -> None:
    """A limited check tells that there is a record: the officer's key alone, and no outcome of his."""
    document = (
        "query($id: ID!) { candidateCheck(id: $id) { officer { id familyName outcomes(first: 5) "
        "{ nodes { id } } stints(first: 5) { nodes { id } } } } }"
    )
    answer = await shared.ask("investigator", document, id=encode_id("CandidateCheck", StoryCheck.TORRES_LIMITED.value))
    officer = answer["candidateCheck"]["officer"]
    assert officer["id"] == encode_id("Officer", TORRES.id)
    assert officer["familyName"] is officer["outcomes"] is officer["stints"] is None
    assert (await read_last(truth))[1] == {(TORRES.id, None, None)}


async def test_a_row_that_is_shown_elsewhere_is_not_recorded_where_it_is_masked(
    registry: RunningRegistry, own_truth: asyncpg.Connection, world: World
) -> None:
    """Of a sealed outcome its officer sees that it is there, and not whom it is about, though that is himself."""
    sealed = next(
        line
        for line in world.by_kind["outcome"]
        if world.find_hold(line) is HoldInForce.SEAL and line["id"][1:4] == "000" and line["lifecycle"] == "CLEARED"
    )
    await own_truth.execute(
        "INSERT INTO registry.grants (id, account, role, officer_id, valid, granted_by) "
        "VALUES ($1, 'demo-sealed', 'officer', $2, tstzrange(now() - interval '1 day', NULL), 'demo-registrar')",
        uuid4(),
        sealed["officer"],
    )
    tables = await own_truth.fetch("SELECT DISTINCT format('%I.%I', schemaname, tablename) AS name FROM pg_policies")
    for row in tables:
        await own_truth.execute(f"ALTER TABLE {row['name']} DISABLE ROW LEVEL SECURITY")
    document = "query($id: ID!) { node(id: $id) { id ... on Outcome { kind officer { id } } } }"
    asked = encode_id("Outcome", sealed["id"])
    answer = await registry.ask(order_officer(sealed["officer"], "demo-sealed"), document, id=asked)
    assert answer == {"node": {"id": asked, "kind": None, "officer": None}}
    assert (await read_last(own_truth))[1] == {(sealed["officer"], sealed["id"], len(sealed["versions"]))}


@pytest.mark.parametrize(
    ("person", "document"),
    [
        ("investigator", f'{{ officer(id: "{encode_id("Officer", TORRES.id[:-1] + "7")}") {{ id }} }}'),
        ("records", '{ node(id: "x") { id } }'),
        ("records", '{ outcomes(first: 3, filter: {actionDate: {eq: "1901-01-01"}}) { nodes { id } } }'),
        ("officer", "{ me { consents(first: 3) { nodes { id } } notices(first: 1) { nodes { cause } } } }"),
        ("head", '{ agency(ori: "WA9990100") { name roleGrants(first: 2) { nodes { account } } } }'),
    ],
)
async def test_an_answer_that_shows_no_person_is_recorded_as_a_query(
    person: str, document: str, shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    before = await count_records(truth)
    await shared.ask(person, document)
    assert await count_records(truth) == before + 1
    record, items = await read_last(truth)
    assert (record["kind"], items) == ("QUERY", set())


async def test_answers_of_public_facts_are_not_recorded(shared: RunningRegistry, truth: asyncpg.Connection) -> None:
    before = await count_records(truth)
    public = (
        f'{{ viewer {{ role }} agency(ori: "{GULLWING.ori}") {{ name jurisdiction {{ name }} }} '
        f"agencies(first: 2) {{ totalCount }} }}"
    )
    for person in ("public", "records", "investigator", "officer", "post"):
        assert (await shared.ask(person, public))["agency"]["name"] == GULLWING.name
    await shared.ask("public", '{ node(id: "x") { id } }')
    await shared.ask("records", "{ __schema { queryType { name } } }")
    assert await count_records(truth) == before


async def test_a_record_holds_no_value_that_was_asked_for_or_told(
    shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    document = (
        "query Find($name: String) { officers(first: 5, filter: {familyName: {eq: $name}}) { nodes { givenName } } }"
    )
    answer = await shared.ask("records", document, name=WALKER.family)
    assert answer["officers"]["nodes"]
    record, _ = await read_last(truth)
    kept = json.dumps({name: str(value) for name, value in record.items()})
    assert WALKER.family not in kept
    assert WALKER.given not in kept
    assert len(record["input_commitment"]) == 32


class FailingLedger:
    """A ledger that cannot keep anything; it notes what it was asked to keep."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.asked: list[Any] = []

    async def append(self, record: Any) -> Any:
        """Refuse, as a ledger does that lost its database."""
        self.asked.append(record)
        raise self.error


PERSONAL = (
    "{ outcomes(first: 2) { nodes { id } } }",
    '{ node(id: "x") { id } }',
    "{ officers(first: 0) { totalCount } }",
)


@pytest.mark.parametrize("document", PERSONAL)
async def test_without_a_durable_record_no_answer_leaves(document: str, shared: RunningRegistry) -> None:
    ledger = FailingLedger(ProbityError(ErrorCode.UNAVAILABLE))
    broken = replace(shared, pipeline=replace(shared.pipeline, ledger=ledger))
    with pytest.raises(ProbityError) as refused:
        await broken.ask("records", document)
    assert refused.value.code is ErrorCode.UNAVAILABLE
    assert len(ledger.asked) == 1
    assert await broken.ask("public", "{ viewer { role } }") == {"viewer": {"role": "public"}}


async def test_a_fault_of_the_ledger_lets_no_answer_leave_either(shared: RunningRegistry) -> None:
    broken = replace(shared, pipeline=replace(shared.pipeline, ledger=FailingLedger(RuntimeError("a fault"))))
    with pytest.raises(RuntimeError):
        await broken.ask("records", PERSONAL[0])


async def test_a_ledger_that_lost_its_database_withholds_answers(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    await registry.ask("records", PERSONAL[0])
    await own_truth.execute("ALTER ROLE probity_ledger NOLOGIN")
    try:
        await own_truth.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE usename = 'probity_ledger' AND datname = current_database()"
        )
        with pytest.raises(ProbityError) as refused:
            await registry.ask("records", PERSONAL[0])
        assert refused.value.code is ErrorCode.UNAVAILABLE
    finally:
        await own_truth.execute("ALTER ROLE probity_ledger LOGIN")
    assert (await registry.ask("records", PERSONAL[0]))["outcomes"]["nodes"]


async def test_the_record_is_there_before_the_body(registry: RunningRegistry, own_truth: asyncpg.Connection) -> None:
    """At the moment the path hands out its bytes, another connection already reads the record."""
    token = registry.issue("records")
    assert token is not None
    request = GraphQLRequest(document=PERSONAL[0], operation_name=None, variables={}, may_command=False)
    for _ in range(10):
        before = await count_records(own_truth)
        answer = await registry.pipeline.answer(request, PresentedToken(compact=token))
        assert await count_records(own_truth) == before + 1
        assert answer.is_personal
