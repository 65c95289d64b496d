"""The flag that says whether a record was ever held is right whatever happens to its holds: sealed stays sealed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.demo.cast import StoryOutcome
from app.storage.logins import Login
from tests.access.second_wall import sign_context
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS

SERIES = UUID(StoryOutcome.WALKER_TERMINATED.value)
FLAGGED_WRONGLY = (
    "SELECT count(*) FROM registry.outcome_series s "
    "WHERE NOT s.held AND EXISTS (SELECT FROM registry.holds h WHERE h.series_id = s.id)"
)
PLACE = (
    "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by) "
    "VALUES (gen_random_uuid(), $1, 'SEAL_ORDER', tstzrange($2, $3), 'an invented court', 'clerk')"
)
# What of the record shows at each moment: the record, its version's content, its determinations.
KEPT = (("outcome_series", "id"), ("outcome_contents", "series_id"), ("outcome_versions", "series_id"))


async def count_shown(registry: RunningRegistry, at: datetime) -> set[bool]:
    """Whether each of these shows to the State's investigator at a moment, by row security alone."""
    order = ASKERS["post"]
    assert order is not None
    connection = await asyncpg.connect(registry.addresses.by_login[Login.POST])
    try:
        context = await sign_context(registry, order, at=at)
        await connection.execute("SELECT set_config('probity.context', $1, false)", context)
        return {
            bool(await connection.fetchval(f"SELECT count({column}) FROM registry.{table} WHERE {column} = $1", SERIES))
            for table, column in KEPT
        }
    finally:
        await connection.close()


async def test_a_hold_that_begins_and_ends_by_time_hides_while_it_runs(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    now = datetime.now(UTC)
    assert await count_shown(registry, now) == {True}
    await own_truth.execute(PLACE, SERIES, now + timedelta(hours=1), now + timedelta(hours=2))
    moments = {-1: True, 0: True, 59: True, 60: False, 90: False, 119: False, 120: True, 600: True}
    for minutes, shows in moments.items():
        assert await count_shown(registry, now + timedelta(minutes=minutes)) == {shows}, minutes
    assert await own_truth.fetchval(FLAGGED_WRONGLY) == 0


async def test_a_hold_that_is_released_and_placed_anew_hides_again(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    now = datetime.now(UTC)
    since = now - timedelta(days=1)
    await own_truth.execute(PLACE, SERIES, since, None)
    assert await count_shown(registry, now) == {False}
    await own_truth.execute(
        "UPDATE registry.holds SET valid = tstzrange(lower(valid), $2), released_by = 'clerk', released_at = $2 "
        "WHERE series_id = $1 AND kind = 'SEAL_ORDER'",
        SERIES,
        now - timedelta(minutes=1),
    )
    assert await count_shown(registry, now) == {True}
    await own_truth.execute(PLACE, SERIES, now - timedelta(seconds=1), None)
    assert await count_shown(registry, now) == {False}


@pytest.mark.parametrize("value", ["true", "false", "NOT held"])
async def test_nobody_sets_what_triggers_keep(
    value: str, registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    told = "SELECT id, held, state_code, order_date FROM registry.outcome_series ORDER BY id"
    before = await own_truth.fetch(told)
    await own_truth.execute(
        f"UPDATE registry.outcome_series SET held = {value}, state_code = 'XX', order_date = '1900-01-01'"
    )
    assert await own_truth.fetch(told) == before
    assert len({row["held"] for row in before}) == 2


async def test_a_hold_cannot_be_moved_to_a_record_that_says_it_was_never_held(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    free = await own_truth.fetchval("SELECT id FROM registry.outcome_series WHERE NOT held LIMIT 1")
    assert free is not None
    with suppress(asyncpg.PostgresError):
        await own_truth.execute("UPDATE registry.holds SET series_id = $1", free)
    assert await own_truth.fetchval(FLAGGED_WRONGLY) == 0


async def test_a_hold_placed_while_another_changes_the_record_is_not_lost(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    """Two at once: whoever comes last sees what the other did."""
    other = await asyncpg.connect(registry.addresses.require_owner())
    try:
        for first, second in (("change", "hold"), ("hold", "change")):
            series = await own_truth.fetchval("SELECT id FROM registry.outcome_series WHERE NOT held LIMIT 1")
            begun = other.transaction()
            await begun.start()
            await _do(other, first, series)
            waiting = _do(own_truth, second, series)
            task = asyncio.ensure_future(waiting)
            await asyncio.sleep(0.2)
            await begun.commit()
            await task
            assert await own_truth.fetchval("SELECT held FROM registry.outcome_series WHERE id = $1", series) is True
            assert await own_truth.fetchval(FLAGGED_WRONGLY) == 0
    finally:
        await other.close()


async def _do(connection: asyncpg.Connection, what: str, series: UUID) -> None:
    if what == "hold":
        await connection.execute(PLACE, series, datetime.now(UTC), None)
    else:
        await connection.execute("UPDATE registry.outcome_series SET held = false WHERE id = $1", series)


async def test_everything_that_was_loaded_is_flagged_rightly(truth: asyncpg.Connection) -> None:
    assert await truth.fetchval(FLAGGED_WRONGLY) == 0
    assert await truth.fetchval("SELECT count(*) FROM registry.outcome_series WHERE held") > 100
