"""Statistics over the whole path: what is refused, recorded, walled off and planned."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings

from app.domain.vocabulary import Action, Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.storage.cluster import Addresses
from app.storage.logins import Login
from app.storage.pools import SET_COUNTING
from tests.analysis.conftest import Analysis
from tests.analysis.drawn_questions import Question, draw_questions
from tests.analysis.plain_figures import may_count
from tests.journeys.conftest import PEOPLE, RunningRegistry

BY_STATE_AND_YEAR = (
    "{ statistics { outcomes(groupBy: [STATE_CODE, YEAR], first: 1000) { rows { stateCode year count officers } } } }"
)
GATHER = re.compile(r'"Node Type": "Gather( Merge)?"')
AT_SIZE = ("parallel_setup_cost = 0", "parallel_tuple_cost = 0", "min_parallel_table_scan_size = 0")
BY_HAND = """
SELECT a.state_code AS "stateCode", extract(year FROM k.action_date)::int AS year, count(*) AS count,
    count(DISTINCT s.officer_id) AS officers
FROM registry.outcome_series s
JOIN registry.outcome_contents k ON k.series_id = s.id AND k.version = s.current_version
JOIN registry.agencies a ON a.id = s.agency_id
WHERE NOT EXISTS (SELECT FROM registry.holds h WHERE h.series_id = s.id AND h.kind = 'SEAL_ORDER')
    AND (s.lifecycle = 'EXPIRED' OR s.lifecycle = 'CLEARED' AND s.finality <> 'OVERTURNED'
        AND NOT EXISTS (SELECT FROM registry.holds h WHERE h.series_id = s.id)
        AND (s.finality IN ('FINAL', 'APPEAL_PENDING') OR s.kind IN
            ('CONVICTION_ON_DUTY', 'CIVIL_JUDGMENT_FORCE', 'SEPARATION_UNDER_FORCE_INVESTIGATION')))
GROUP BY a.state_code, 2 ORDER BY a.state_code COLLATE "C" NULLS LAST, 2
"""


@asynccontextmanager
async def connect(addresses: Addresses, login: Login | None = None) -> AsyncIterator[asyncpg.Connection]:
    """A connection as a login, or as the owner."""
    connection = await asyncpg.connect(addresses.require_owner() if login is None else addresses.by_login[login])
    try:
        yield connection
    finally:
        await connection.close()


async def be_refused(analysis: Analysis, text: str, **variables: Any) -> ErrorCode:
    with pytest.raises(ProbityError) as refused:
        await analysis.ask(text, **variables)
    return refused.value.code


async def plan(analysis: Analysis, text: str, **given: Any) -> tuple[str, list[Any], str]:
    """The statement of a question, its values and the signed context that goes before it."""
    policy = analysis.pipeline.policy
    principal = await analysis.find_principal()
    grants = [policy.find_grant(Role.DOJ_ANALYST, Purpose.STATISTICS, each) for each in (Action.READ, Action.AGGREGATE)]
    schema = policy.find_contract(Role.DOJ_ANALYST, Purpose.STATISTICS).schema
    prepared = policy.planner.prepare(text, None, given, schema=schema, grant=grants[0], counting=grants[1])
    assert prepared.plan is not None
    assert prepared.plan.is_counting
    now = analysis.pipeline.clock()
    context = analysis.pipeline._sign(principal, Login.ANALYST, policy.digest, now)
    return prepared.plan.sql, prepared.plan.bind(prepared.variables, principal, now, context), context


async def test_figures_are_those_of_an_aggregate_written_by_hand(analysis: Analysis) -> None:
    told = (await analysis.ask(BY_STATE_AND_YEAR))["statistics"]["outcomes"]["rows"]
    async with connect(analysis.addresses) as owner:
        expected = [dict(row) for row in await owner.fetch(BY_HAND)]
    assert len(expected) > 20
    assert told == expected


async def test_each_question_is_recorded_as_a_query_with_its_purpose(analysis: Analysis) -> None:
    async with connect(analysis.addresses) as owner:
        before = await owner.fetchval("SELECT count(*) FROM audit.records")
        await analysis.ask("query HowMany { statistics { stints(first: 1) { rows { count } } } }")
        rows = await owner.fetch(
            "SELECT kind, role, purpose, operation, item_count FROM audit.records ORDER BY at, position"
        )
    assert len(rows) == before + 1
    assert tuple(rows[-1]) == ("QUERY", "doj_analyst", "statistics", "HowMany", 0)


@pytest.mark.parametrize("person", sorted(set(PEOPLE) - {"analyst"}))
async def test_nobody_else_has_statistics_in_the_contract(registry: RunningRegistry, person: str) -> None:
    with pytest.raises(ProbityError) as refused:
        await registry.ask(person, BY_STATE_AND_YEAR)
    assert refused.value.code is ErrorCode.DOCUMENT_INVALID


@pytest.mark.parametrize(
    ("arguments", "fields", "code"),
    [
        ("groupBy: [OFFICER_ID], first: 1", "count", ErrorCode.DOCUMENT_INVALID),
        ("groupBy: [SEPARATION_REASON], first: 1", "count", ErrorCode.DOCUMENT_INVALID),
        ("measures: [DAYS_SERVED], first: 1", "count", ErrorCode.DOCUMENT_INVALID),
        ('filter: { officerId: { eq: "x" } }, first: 1', "count", ErrorCode.DOCUMENT_INVALID),
        ("first: 1", "officerId", ErrorCode.DOCUMENT_INVALID),
        ("groupBy: [KIND]", "count", ErrorCode.DOCUMENT_INVALID),
        ("orderBy: [{ dimension: KIND }], first: 1", "count", ErrorCode.DOCUMENT_INVALID),
        ("orderBy: [{ direction: DESC }], first: 1", "count", ErrorCode.DOCUMENT_INVALID),
        (
            "orderBy: [{ measure: COUNT, dimension: KIND }], groupBy: [KIND], first: 1",
            "kind",
            ErrorCode.DOCUMENT_INVALID,
        ),
        ("having: [{ measure: COUNT, statistic: P50, from: 1 }], first: 1", "count", ErrorCode.DOCUMENT_INVALID),
        ("having: [{ measure: DAYS_OF_MATTER, from: 1 }], first: 1", "count", ErrorCode.DOCUMENT_INVALID),
        ("first: 1001", "count", ErrorCode.LIMIT_EXCEEDED),
        ("first: -1", "count", ErrorCode.LIMIT_EXCEEDED),
        ("groupBy: [YEAR, QUARTER, KIND, BASIS, FINALITY, RURAL], first: 1", "count", ErrorCode.LIMIT_EXCEEDED),
        (f"having: [{'{ measure: COUNT, from: 1 }, ' * 9}], first: 1", "count", ErrorCode.LIMIT_EXCEEDED),
    ],
)
async def test_what_cannot_be_counted_is_refused_before_any_row_is_looked_at(
    analysis: Analysis, arguments: str, fields: str, code: ErrorCode
) -> None:
    question = f"{{ statistics {{ outcomes({arguments}) {{ rows {{ {fields} }} }} }} }}"
    assert await be_refused(analysis, question) is code


async def test_dimensions_in_variables_do_not_share_a_plan(analysis: Analysis) -> None:
    text = (
        "query($by: [OutcomeFiguresDimension!]!, $what: [OutcomeFiguresMeasure!]!) { statistics { "
        "outcomes(groupBy: $by, measures: $what, first: 5) { rows { kind year count officers } } } }"
    )
    by_kind, by_year = [
        (await analysis.ask(text, by=[by], what=[what]))["statistics"]["outcomes"]["rows"][0]
        for by, what in (("KIND", "COUNT"), ("YEAR", "OFFICERS"))
    ]
    assert by_kind["kind"] is not None and by_kind["year"] is None and by_kind["officers"] is None
    assert by_year["year"] is not None and by_year["kind"] is None and by_year["count"] is None


async def test_two_tables_and_other_fields_can_be_asked_at_once(analysis: Analysis) -> None:
    told = await analysis.ask(
        "{ viewer { role } statistics { a: outcomes(first: 1) { x: rows { n: count } marking } "
        "b: wandering(first: 1) { y: rows { n: count __typename } } } agencies(first: 1) { nodes { name } } }"
    )
    assert told["viewer"] == {"role": "doj_analyst"}
    assert told["statistics"]["a"]["x"][0]["n"] > 50
    assert told["statistics"]["b"]["y"][0]["__typename"] == "WanderingFigures"
    assert told["agencies"]["nodes"] == [{"name": "drawn"}]


async def test_the_views_show_nothing_without_a_signed_context(analysis: Analysis) -> None:
    for login in Login:
        async with connect(analysis.addresses, login) as connection:
            for count in ("SELECT count(id) FROM counted.outcomes", "SELECT count(id) FROM counted.stints"):
                if login is Login.ANALYST:
                    assert await connection.fetchval(count) == 0
                else:
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.fetchval(count)


async def test_the_views_show_only_what_may_be_counted_whatever_the_statement_asks(analysis: Analysis) -> None:
    _, _, context = await plan(analysis, BY_STATE_AND_YEAR)
    async with connect(analysis.addresses, Login.ANALYST) as connection, connection.transaction(readonly=True):
        await connection.execute(SET_COUNTING, context)
        shown = {row["id"] for row in await connection.fetch("SELECT id FROM counted.outcomes")}
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT officer_id FROM registry.outcome_series")
    assert shown == {each.id for each in analysis.facts.outcomes if may_count(each)}
    assert 0 < len(shown) < len(analysis.facts.outcomes)


@pytest.mark.parametrize("subject", ["outcomes", "stints", "wandering"])
async def test_a_plan_may_run_in_parallel(analysis: Analysis, subject: str) -> None:
    question = (
        f"{{ statistics {{ {subject}(groupBy: [STATE_CODE, YEAR], first: 9) {{ rows {{ year count officers }} }} }} }}"
    )
    explained = await explain_at_size(analysis, await plan(analysis, question), "ANALYZE, FORMAT JSON")
    assert GATHER.search(explained)
    assert max(int(each) for each in re.findall(r'"Workers Launched": (\d+)', explained)) > 0


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
@given(question=draw_questions())
async def test_whatever_is_asked_may_be_counted_in_parallel(analysis: Analysis, question: Question) -> None:
    planned = await plan(analysis, question.document, **question.variables)
    explained = await explain_at_size(analysis, planned, "FORMAT JSON")
    # What a filter makes empty, and nothing asked of any row, needs no table.
    assert GATHER.search(explained) or '"Relation Name"' not in explained, question.document


async def explain_at_size(analysis: Analysis, planned: tuple[str, list[Any], str], options: str) -> str:
    """What the planner chooses where tables are large: that is what the settings do to it, without the tables."""
    sql, values, context = planned
    async with connect(analysis.addresses, Login.ANALYST) as connection, connection.transaction():
        await connection.execute(SET_COUNTING, context)
        for setting in AT_SIZE:
            await connection.execute(f"SET LOCAL {setting}")
        # EXPLAIN is not for a login that reads; here it says what the planner chose.
        rows = await connection.fetch(f"EXPLAIN ({options}) {sql}", *values)
    return json.dumps(json.loads(rows[0][0]))


async def test_the_context_ends_with_the_transaction(analysis: Analysis) -> None:
    await analysis.ask(BY_STATE_AND_YEAR)
    async with analysis.pipeline.pools.borrow(Login.ANALYST) as connection:
        assert not await connection.fetchval("SELECT current_setting('probity.context', true)")
        assert await connection.fetchval("SELECT current_setting('plan_cache_mode')") == "force_generic_plan"
    assert not analysis.pipeline.pools.closed_for


async def test_a_sealed_record_leaves_every_figure_at_once(registry: RunningRegistry) -> None:
    total = "{ statistics { outcomes(first: 1) { rows { count } } } }"
    before = (await registry.ask("analyst", total))["statistics"]["outcomes"]["rows"][0]["count"]
    async with connect(registry.addresses) as owner:
        await owner.execute(
            "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by) "
            "SELECT gen_random_uuid(), s.id, 'SEAL_ORDER', '[2020-01-01,)', 'court', 'clerk' "
            "FROM registry.outcome_series s WHERE s.lifecycle = 'CLEARED' AND s.finality = 'FINAL' "
            "AND NOT EXISTS (SELECT FROM registry.holds h WHERE h.series_id = s.id) LIMIT 1"
        )
    after = (await registry.ask("analyst", total))["statistics"]["outcomes"]["rows"][0]["count"]
    assert (before > 3, after) == (True, before - 1)
