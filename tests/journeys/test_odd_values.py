"""Odd values in variables: each is taken for what it says or refused in words, and none is a fault of ours.

What PostgreSQL cannot hold, what LIKE would take for a pattern, and lists of nothing.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.errors import ErrorCode, ProbityError
from tests.journeys.conftest import RunningRegistry

COUNT = "query Count($filter: OfficerFilter) { officers(first: 1, filter: $filter) { totalCount } }"


@pytest.mark.parametrize("value", ["a\0b", "\ud800"], ids=["a null character", "half a surrogate"])
async def test_a_text_that_no_database_holds_is_refused(registry: RunningRegistry, value: str) -> None:
    with pytest.raises(ProbityError) as refused:
        await registry.ask("records", COUNT, filter={"familyName": {"eq": value}})
    assert refused.value.code is ErrorCode.VARIABLES_INVALID


@pytest.mark.parametrize(
    ("filter_", "counts"),
    [
        ({}, 6),
        ({"familyName": {"eq": "Walker"}}, 1),
        ({"familyName": {"startsWith": "Wal"}}, 1),
        ({"familyName": {"startsWith": "%"}}, 0),
        ({"familyName": {"startsWith": "W_lker"}}, 0),
        ({"familyName": {"startsWith": ""}}, 6),
        ({"familyName": {"in": ["Walker", "Mitchell", "Nobody"]}}, 2),
        ({"familyName": {"in": []}}, 0),
        ({"not": {"familyName": {"eq": "Walker"}}}, 5),
        ({"not": {"not": {"familyName": {"eq": "Walker"}}}}, 1),
        ({"or": [{"familyName": {"eq": "Walker"}}, {"givenName": {"eq": "Sarah"}}]}, 2),
        ({"and": [{"familyName": {"eq": "Walker"}}, {"givenName": {"eq": "Sarah"}}]}, 0),
        ({"or": []}, 0),
        ({"and": []}, 6),
        (None, 6),
        ({"familyName": None}, 6),
    ],
)
async def test_a_filter_says_what_it_says(registry: RunningRegistry, filter_: Any, counts: int) -> None:
    told = await registry.ask("records", COUNT, filter=filter_)
    assert told["officers"]["totalCount"] == counts


async def test_no_ids_are_no_nodes(registry: RunningRegistry) -> None:
    assert await registry.ask("public", "{ nodes(ids: []) { id } }") == {"nodes": []}


async def test_what_another_agency_granted_is_not_told_to_a_head(registry: RunningRegistry) -> None:
    question = "query Roles($ori: ORI!) { agency(ori: $ori) { name roleGrants(first: 5) { nodes { account } } } }"
    own = await registry.ask("head", question, ori="WA9990100")
    other = await registry.ask("head", question, ori="WA9990200")
    assert {node["account"] for node in own["agency"]["roleGrants"]["nodes"]} >= {"demo-head", "demo-records"}
    assert other["agency"]["roleGrants"] is None
    assert other["agency"]["name"] == "Tallowmere County Sheriff's Office"
