"""What the registry said on a day: a moment chooses among versions; permission is decided by how things stand now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from app.demo.cast import WALKER, StoryOutcome
from app.errors import ErrorCode, ProbityError
from tests.access.test_disclosures import read_last
from tests.journeys.conftest import RunningRegistry
from tests.planning.documents import WALKER_ID, WALKER_OUTCOME

SERIES = StoryOutcome.WALKER_TERMINATED.value
FACTS = "id version actionDate dispute finality lifecycle statement clearedAt versions { version } "
ONE = "query($id: ID!, $at: DateTime) { outcome(id: $id, asOf: $at) { " + FACTS + "} }"
LIST = (
    "query($at: DateTime, $filter: OutcomeFilter) { outcomes(first: 50, asOf: $at, filter: $filter, "
    "orderBy: {field: ACTION_DATE}) { nodes { id version actionDate } totalCount } }"
)
HIRING = (
    "query($id: ID!, $at: DateTime) { officer(id: $id) { outcomes(first: 9, asOf: $at) { nodes { id version } } } }"
)


class Corrected:
    """An outcome whose second version says another day than the first did, and is disputed since."""

    def __init__(self, first_from: datetime, second_from: datetime, first_day: str) -> None:
        self.first_from, self.second_from, self.first_day = first_from, second_from, first_day
        self.second_day = "2001-02-03"
        self.before = (first_from - timedelta(days=1)).isoformat()
        self.then = (second_from - timedelta(seconds=1)).isoformat()
        self.since = (second_from + timedelta(seconds=1)).isoformat()


@pytest_asyncio.fixture
async def corrected(own_truth: asyncpg.Connection) -> Corrected:
    row = await own_truth.fetchrow(
        "SELECT lower(v.recorded) AS since, c.action_date FROM registry.outcome_versions v JOIN "
        "registry.outcome_contents c USING (series_id, version) WHERE v.series_id = $1 AND upper_inf(v.recorded)",
        SERIES,
    )
    assert row is not None
    at = datetime.now(UTC) - timedelta(hours=2)
    async with own_truth.transaction():
        await own_truth.execute(
            "UPDATE registry.outcome_versions SET recorded = tstzrange(lower(recorded), $2) WHERE series_id = $1",
            SERIES,
            at,
        )
        await own_truth.execute(
            "INSERT INTO registry.outcome_versions (series_id, version, report_type, supersedes, valid, recorded, "
            "content_commitment) SELECT series_id, 2, 'CORRECTION', 1, valid, tstzrange($2, NULL), content_commitment "
            "FROM registry.outcome_versions WHERE series_id = $1",
            SERIES,
            at,
        )
        await own_truth.execute(
            "INSERT INTO registry.outcome_contents (series_id, version, commitment_salt, action_date, basis, "
            "force_related, force_types) SELECT series_id, 2, commitment_salt, '2001-02-03', basis, force_related, "
            "force_types FROM registry.outcome_contents WHERE series_id = $1",
            SERIES,
        )
        await own_truth.execute(
            "UPDATE registry.outcome_series SET current_version = 2, dispute = 'DISPUTED' WHERE id = $1", SERIES
        )
    return Corrected(row["since"], at, row["action_date"].isoformat())


async def ask_one(registry: RunningRegistry, person: str, at: str | None) -> Any:
    return (await registry.ask(person, ONE, id=WALKER_OUTCOME, at=at))["outcome"]


async def test_a_moment_chooses_the_version_that_spoke_then(registry: RunningRegistry, corrected: Corrected) -> None:
    now = await ask_one(registry, "records", None)
    assert (now["version"], now["actionDate"], now["dispute"]) == (2, corrected.second_day, "DISPUTED")
    assert now == await ask_one(registry, "records", datetime.now(UTC).isoformat())
    then = await ask_one(registry, "records", corrected.then)
    assert (then["version"], then["actionDate"], then["dispute"]) == (1, corrected.first_day, "NONE")
    assert then["versions"] == [{"version": 1}]
    ends = "query($id: ID!, $at: DateTime) { outcome(id: $id, asOf: $at) { versions { version recordedTo } } }"
    for at, known in ((corrected.then, {1: False}), (corrected.since, {1: True, 2: False})):
        told = (await registry.ask("records", ends, id=WALKER_OUTCOME, at=at))["outcome"]["versions"]
        # What ended later had no end then.
        assert {said["version"]: said["recordedTo"] is not None for said in told} == known
    assert await ask_one(registry, "records", corrected.before) is None
    assert (await ask_one(registry, "records", corrected.since))["version"] == 2


async def test_a_list_filters_sorts_and_counts_by_what_was_said_then(
    registry: RunningRegistry, corrected: Corrected
) -> None:
    on_the_new_day = {"actionDate": {"eq": corrected.second_day}}
    for at, found in ((None, 1), (corrected.then, 0)):
        listed = (await registry.ask("records", LIST, at=at, filter=on_the_new_day))["outcomes"]
        assert (len(listed["nodes"]), listed["totalCount"]) == (found, found)
    now = (await registry.ask("records", LIST, at=None, filter=None))["outcomes"]["nodes"]
    then = (await registry.ask("records", LIST, at=corrected.then, filter=None))["outcomes"]["nodes"]
    assert now[0]["id"] == WALKER_OUTCOME
    assert [node["actionDate"] for node in then] == sorted(node["actionDate"] for node in then)
    assert [(node["version"], node["actionDate"]) for node in then if node["id"] == WALKER_OUTCOME] == [
        (1, corrected.first_day)
    ]


async def test_a_moment_tells_nothing_of_a_record_whose_recording_may_not_be_read(
    registry: RunningRegistry, corrected: Corrected
) -> None:
    asked = "query($at: DateTime) { outcomes(first: 100, asOf: $at) { nodes { id versions { recordedFrom } } } }"
    now = (await registry.ask("records", asked, at=None))["outcomes"]["nodes"]
    then = (await registry.ask("records", asked, at=corrected.since))["outcomes"]["nodes"]
    told = {node["id"] for node in now if any(said["recordedFrom"] for said in node["versions"] or ())}
    assert {node["id"] for node in now} - told
    assert {node["id"] for node in then} & {node["id"] for node in now} <= told
    assert all(said["recordedFrom"] for node in then for said in node["versions"])


async def test_what_is_recorded_as_disclosed_is_the_version_of_then(
    registry: RunningRegistry, own_truth: asyncpg.Connection, corrected: Corrected
) -> None:
    for at, version in ((corrected.then, 1), (None, 2)):
        answer = await registry.ask("investigator", HIRING, id=WALKER_ID, at=at)
        assert [node["version"] for node in answer["officer"]["outcomes"]["nodes"] if node["id"] == WALKER_OUTCOME] == [
            version
        ]
        assert (WALKER.id, SERIES, version) in (await read_last(own_truth))[1]


async def test_permission_is_decided_by_how_the_record_stands_now(
    registry: RunningRegistry, own_truth: asyncpg.Connection, corrected: Corrected
) -> None:
    before = await registry.ask("investigator", HIRING, id=WALKER_ID, at=corrected.then)
    assert WALKER_OUTCOME in json_ids(before)
    await own_truth.execute(
        "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by) "
        "VALUES (gen_random_uuid(), $1, 'SEAL_ORDER', tstzrange(now() - interval '1 minute', NULL), 'court', 'clerk')",
        SERIES,
    )
    after = await registry.ask("investigator", HIRING, id=WALKER_ID, at=corrected.then)
    assert WALKER_OUTCOME not in json_ids(after)


def json_ids(answer: Any) -> set[str]:
    officer = answer["officer"]
    return set() if officer is None else {node["id"] for node in officer["outcomes"]["nodes"]}


async def test_a_time_without_its_zone_is_refused(registry: RunningRegistry) -> None:
    with pytest.raises(ProbityError) as refused:
        await ask_one(registry, "records", "2026-01-01T00:00:00")
    assert refused.value.code is ErrorCode.VARIABLES_INVALID
