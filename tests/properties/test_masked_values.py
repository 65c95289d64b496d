"""A value that a caller may not read changes no byte of what he gets: not by filter, sort, count, cursor or page."""

from __future__ import annotations

import json
from typing import Any

import asyncpg
import pytest

from app.errors import ProbityError
from app.identity.presented import PresentedToken
from app.pipeline import GraphQLRequest
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.drawn_registry import SET_BY_TRIGGERS
from tests.properties.oracle import Oracle, World

PAGE = "nodes { id } edges { cursor } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
# Filters and orders by what is masked in some visible rows of the one who asks: (who, list, arguments).
QUESTIONS: list[tuple[str, str, str]] = [
    *(
        (person, "outcomes", arguments)
        for person in ("post", "records")
        for arguments in (
            "filter: {forceRelated: {eq: true}}",
            "filter: {forceRelated: {eq: false}}",
            "filter: {not: {forceRelated: {eq: true}}}",
            "filter: {not: {not: {forceRelated: {eq: true}}}}",
            "filter: {or: [{forceRelated: {eq: true}}, {kind: {eq: TERMINATION}}]}",
            "filter: {not: {or: [{forceRelated: {eq: true}}, {kind: {eq: TERMINATION}}]}}",
            "filter: {not: {and: [{not: {forceRelated: {eq: false}}}, {hasFinding: {eq: true}}]}}",
            "filter: {and: [{not: {forceRelated: {eq: true}}}, {not: {forceRelated: {eq: false}}}]}",
        )
    ),
    *(
        (person, "outcomes", arguments)
        for person in ("records", "records_cove")
        for arguments in (
            "filter: {lifecycle: {eq: VOIDED}}",
            "filter: {lifecycle: {in: [CLEARED, VOIDED]}}",
            "filter: {not: {lifecycle: {in: [CLEARED, DRAFT]}}}",
            "orderBy: {field: CLEARED_AT}",
            "orderBy: {field: CLEARED_AT, direction: DESC}",
            "orderBy: {field: ACTION_DATE, direction: DESC}",
            "orderBy: {field: KIND}",
        )
    ),
]


async def fetch_pages(running: RunningRegistry, person: str, name: str, arguments: str) -> list[bytes]:
    """The bytes of the whole list by pages of forty-five, forwards."""
    token = running.issue(ASKERS[person])  # type: ignore[arg-type]
    assert token is not None
    found, cursor = [], None
    while True:
        document = f"query($after: String) {{ {name}(first: 45, after: $after, {arguments}) {{ {PAGE} }} }}"
        request = GraphQLRequest(document=document, operation_name=None, variables={"after": cursor}, may_command=False)
        body = (await running.pipeline.answer(request, PresentedToken(compact=token))).body
        found.append(body)
        page = json.loads(body)["data"][name]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def change(truth: asyncpg.Connection, statement: str, ids: list[str]) -> int:
    """Change values behind every trigger's back; how many."""
    async with truth.transaction():
        await truth.execute("SET LOCAL session_replication_role = replica")
        changed = int((await truth.execute(statement, ids)).split()[-1])
        await truth.execute("SET LOCAL session_replication_role = origin")
        await truth.execute(SET_BY_TRIGGERS)
        return changed


FLIP_FORCE = "UPDATE registry.outcome_contents SET force_related = NOT force_related WHERE series_id = ANY($1::uuid[])"
MOVE_CLEARED = (
    "UPDATE registry.outcome_series SET cleared_at = timestamptz '2001-01-01' + random() * interval '20 years' "
    "WHERE id = ANY($1::uuid[])"
)
MOVE_DATES = (
    "UPDATE registry.outcome_contents SET action_date = date '1990-01-01' + (random() * 9000)::int, "
    "basis = '{DISHONESTY}', legal_basis = 'changed', court = 'changed' WHERE series_id = ANY($1::uuid[])"
)


@pytest.fixture(scope="module")
def oracles(shared: RunningRegistry, world: World) -> dict[str, Oracle]:
    """What each of the askers may see."""
    point = shared.pipeline.policy.point
    return {person: world.consult(point, world.name_asker(ASKERS[person])) for person, _, _ in QUESTIONS}


def list_read(oracles: dict[str, Oracle], person: str, field: str) -> set[str]:
    """Outcomes of which the asker reads `field`."""
    oracle = oracles[person]
    return {line["id"] for line in oracle.world.by_kind["outcome"] if oracle.reads(line, f"Outcome.{field}")}


async def test_hidden_values_change_no_byte_of_any_page(
    registry: RunningRegistry, own_truth: asyncpg.Connection, oracles: dict[str, Oracle]
) -> None:
    before = {question: await fetch_pages(registry, *question) for question in QUESTIONS}
    everything = {line["id"] for line in oracles["post"].world.by_kind["outcome"]}
    changed = {}
    for field, statement in (("forceRelated", FLIP_FORCE), ("clearedAt", MOVE_CLEARED), ("actionDate", MOVE_DATES)):
        # What any of them may read must stay, or his own answers would rightly change.
        hidden = everything.difference(*(list_read(oracles, person, field) for person in oracles))
        changed[field] = await change(own_truth, statement, sorted(hidden))
    assert min(changed.values()) > 100
    masked = sum(
        oracle.sees(line) and not oracle.reads(line, "Outcome.forceRelated")
        for oracle in oracles.values()
        for line in oracle.world.by_kind["outcome"]
    )
    assert masked > 50
    after = {question: await fetch_pages(registry, *question) for question in QUESTIONS}
    assert after == before
    print(f"hidden values changed: {changed}; {sum(map(len, before.values()))} pages stayed the same")


def field_in(question: tuple[str, str, str], field: str) -> bool:
    """Whether a question filters or sorts by a field."""
    return field in question[2] or (field == "clearedAt" and "CLEARED_AT" in question[2])


async def test_a_visible_value_changes_the_pages(
    registry: RunningRegistry, own_truth: asyncpg.Connection, oracles: dict[str, Oracle]
) -> None:
    """The test before would pass over lists that never had a row: these lists do follow what may be read."""
    moved = 0
    for statement, field in ((FLIP_FORCE, "forceRelated"), (MOVE_CLEARED, "clearedAt")):
        asked = [question for question in QUESTIONS if question[0] == "records" and field_in(question, field)]
        before = [await fetch_pages(registry, *question) for question in asked]
        await change(own_truth, statement, sorted(list_read(oracles, "records", field)))
        after = [await fetch_pages(registry, *question) for question in asked]
        moved += sum(one != other for one, other in zip(before, after, strict=True))
    assert moved > 5


@pytest.mark.parametrize(
    "arguments", ["filter: {basis: {eq: DISHONESTY}}", "orderBy: {field: LEGAL_BASIS}", "orderBy: {field: ID}"]
)
async def test_what_is_no_filter_or_order_of_the_contract_is_refused(arguments: str, shared: RunningRegistry) -> None:
    with pytest.raises(ProbityError):
        await shared.ask("records", f"{{ outcomes(first: 1, {arguments}) {{ totalCount }} }}")


async def test_a_filter_by_a_field_that_is_never_readable_is_not_in_the_contract(shared: RunningRegistry) -> None:
    for person, missing in (("post", "lifecycle"), ("monitor", "lifecycle"), ("investigator", "lifecycle")):
        order: Any = ASKERS[person]
        schema = shared.pipeline.policy.find_contract(order.role, order.purpose).schema
        assert missing not in schema.type_map["OutcomeFilter"].fields  # type: ignore[attr-defined]
        assert "CLEARED_AT" not in schema.type_map["OutcomeOrderField"].values  # type: ignore[attr-defined]
