"""Filters that look at other rows: at what may be seen of them, and at nothing else, also under a negation."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from app.demo.cast import WALKER, StoryOutcome
from app.errors import ErrorCode, ProbityError
from tests.journeys.conftest import RunningRegistry
from tests.planning.documents import WALKER_ID, WALKER_OUTCOME

OFFICERS = (
    "query($f: OfficerFilter, $after: String) { officers(first: 100, after: $after, filter: $f) "
    "{ nodes { id } totalCount pageInfo { hasNextPage endCursor } } }"
)
OUTCOMES = OFFICERS.replace("OfficerFilter", "OutcomeFilter").replace("officers", "outcomes")


async def list_ids(registry: RunningRegistry, person: str, document: str, given: Any) -> set[str]:
    ids: list[str] = []
    after, more = None, True
    while more:
        (listed,) = (await registry.ask(person, document, f=given, after=after)).values()
        ids += [node["id"] for node in listed["nodes"]]
        more, after = listed["pageInfo"]["hasNextPage"], listed["pageInfo"]["endCursor"]
    assert len(ids) == len(set(ids)) == listed["totalCount"]
    return set(ids)


async def test_some_and_none_part_the_visible_rows(shared: RunningRegistry) -> None:
    everyone = await list_ids(shared, "records", OFFICERS, None)
    fits = {"kind": {"eq": "TERMINATION"}}
    some = await list_ids(shared, "records", OFFICERS, {"outcomes": {"some": fits}})
    none = await list_ids(shared, "records", OFFICERS, {"outcomes": {"none": fits}})
    assert WALKER_ID in some
    assert some | none == everyone
    assert not some & none
    assert none
    assert await list_ids(shared, "records", OFFICERS, {"not": {"outcomes": {"some": fits}}}) == none
    assert await list_ids(shared, "records", OFFICERS, {"not": {"outcomes": {"none": fits}}}) == some


async def test_a_filter_goes_through_an_agency_and_back(shared: RunningRegistry) -> None:
    everything = await list_ids(shared, "post", OUTCOMES, None)
    police = await list_ids(shared, "post", OUTCOMES, {"agency": {"kind": {"eq": "LOCAL_POLICE"}}})
    others = await list_ids(shared, "post", OUTCOMES, {"not": {"agency": {"kind": {"eq": "LOCAL_POLICE"}}}})
    assert police
    assert others
    # A sealed outcome shows no agency, or one of another State: it fits neither way.
    assert police | others <= everything
    assert not police & others
    name = {"officer": {"familyName": {"eq": WALKER.family}}}
    assert WALKER_OUTCOME in await list_ids(shared, "records", OUTCOMES, name)


async def test_what_a_row_hides_fits_neither_way(registry: RunningRegistry, own_truth: asyncpg.Connection) -> None:
    """The officer sees that a sealed outcome is there, and nothing of it: a filter on its agency cannot tell either."""
    document = "query($f: OutcomeFilter) { me { outcomes(first: 50, filter: $f) { nodes { id } } } }"

    async def ask(given: Any) -> set[str]:
        answer = await registry.ask("officer", document, f=given)
        return {node["id"] for node in answer["me"]["outcomes"]["nodes"]}

    agency = {"agency": {"kind": {"in": ["LOCAL_POLICE", "SHERIFF", "PRIMARY_STATE"]}}}
    assert WALKER_OUTCOME in await ask(agency)
    await own_truth.execute(
        "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by) "
        "VALUES (gen_random_uuid(), $1, 'SEAL_ORDER', tstzrange(now() - interval '1 minute', NULL), 'court', 'clerk')",
        StoryOutcome.WALKER_TERMINATED.value,
    )
    assert WALKER_OUTCOME in await ask(None)
    assert WALKER_OUTCOME not in await ask(agency)
    assert WALKER_OUTCOME not in await ask({"not": agency})


async def test_hidden_rows_are_not_looked_at(registry: RunningRegistry, own_truth: asyncpg.Connection) -> None:
    """A commission sees the officers it certifies; what they have elsewhere in draft does not change any list."""
    drafts = await own_truth.fetchval("SELECT count(*) FROM registry.outcome_series WHERE lifecycle = 'DRAFT'")
    assert drafts > 0
    some = {"outcomes": {"some": {"finality": {"in": ["NON_FINAL", "APPEAL_WINDOW", "APPEAL_PENDING", "FINAL"]}}}}
    before = await list_ids(registry, "post", OFFICERS, some)
    seen: set[str] = set()
    for officer in await list_ids(registry, "post", OFFICERS, None):
        told = await registry.ask(
            "post", "query($id: ID!) { officer(id: $id) { outcomes(first: 50) { nodes { finality } } } }", id=officer
        )
        finalities = {outcome["finality"] for outcome in told["officer"]["outcomes"]["nodes"]}
        seen |= {officer} if finalities - {None, "OVERTURNED"} else set()
    assert before == seen


async def test_too_many_hops_are_refused(shared: RunningRegistry) -> None:
    given: Any = {"kind": {"eq": "TERMINATION"}}
    for _ in range(2):
        given = {"officer": {"outcomes": {"some": given}}}
    with pytest.raises(ProbityError) as refused:
        await list_ids(shared, "records", OUTCOMES, given)
    assert refused.value.code is ErrorCode.LIMIT_EXCEEDED


@pytest.mark.parametrize("empty", [{}, {"eq": None}, {"from": None, "to": None}])
async def test_a_comparison_with_nothing_leaves_nothing_out(
    registry: RunningRegistry, own_truth: asyncpg.Connection, empty: dict[str, Any]
) -> None:
    """A sealed outcome shows no date: were it left out, a masked value would not be as one that is absent."""
    document = "query($f: OutcomeFilter) { me { outcomes(first: 50, filter: $f) { nodes { id actionDate } } } }"
    await own_truth.execute(
        "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by) "
        "VALUES (gen_random_uuid(), $1, 'SEAL_ORDER', tstzrange(now() - interval '1 minute', NULL), 'court', 'clerk')",
        StoryOutcome.WALKER_TERMINATED.value,
    )
    whole = (await registry.ask("officer", document, f=None))["me"]["outcomes"]["nodes"]
    assert {"id": WALKER_OUTCOME, "actionDate": None} in whole
    for wanted in ({"actionDate": empty}, {"not": {"not": {"actionDate": empty}}}):
        assert (await registry.ask("officer", document, f=wanted))["me"]["outcomes"]["nodes"] == whole
