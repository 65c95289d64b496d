"""History holds against everyone, the owner of its tables among them: nothing is rewritten, a right ends but once.

Every table that the migration lists is tested with a row of its own; a list that grows is tested as it grows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.settings import Settings
from app.storage.cluster import Addresses
from app.storage.logins import Login
from tests.migrations.history_rows import DIGEST, read_history_migration, refuse
from tests.worlds.lines import AGENCY, SERIES

# Columns to try to change in the tables of which only an end may be set: no end, and nobody's signature.
OTHER_COLUMNS = {
    "registry.outcome_versions": "report_type = 'REVISION'",
    "registry.outcome_statuses": "lifecycle = 'DRAFT'",
    "registry.officer_statements": "body = 'another'",
    "registry.grants": "account = 'another'",
    "registry.holds": "authority = 'another'",
    "registry.case_assignments": "account = 'another'",
    "registry.monitor_subscriptions": "renewal_due = renewal_due + 1",
}


async def refuse_each(owner: asyncpg.Connection, tables: Iterable[str], statement: str) -> None:
    """The statement is refused on each of the tables, all of which hold rows."""
    for table in tables:
        assert await owner.fetchval(f"SELECT count(*) FROM {table}") > 0, f"{table} is empty, so nothing was tried"
        await refuse(owner, asyncpg.RestrictViolationError, statement.format(table=table))


async def test_what_was_recorded_is_never_changed(history: asyncpg.Connection, settings: Settings) -> None:
    migration = read_history_migration(settings)
    for table in migration.FROZEN:
        first = await history.fetchval(
            "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped "
            "ORDER BY attnum LIMIT 1",
            table,
        )
        await refuse_each(history, [table], f"UPDATE {{table}} SET {first} = {first}")


async def test_no_row_of_history_is_ever_deleted(history: asyncpg.Connection, settings: Settings) -> None:
    migration = read_history_migration(settings)
    tables = [*migration.FROZEN, *migration.CLOSED_ONCE, *migration.KEPT, "registry.outcome_contents"]
    await refuse_each(history, tables, "DELETE FROM {table}")


async def test_no_table_of_history_is_ever_emptied(history: asyncpg.Connection, settings: Settings) -> None:
    migration = read_history_migration(settings)
    tables = [*migration.FROZEN, *migration.CLOSED_ONCE, *migration.KEPT, "registry.outcome_contents"]
    await refuse_each(history, tables, "TRUNCATE {table} CASCADE")


async def test_of_what_has_an_end_nothing_but_the_end_may_be_set(
    history: asyncpg.Connection, settings: Settings
) -> None:
    migration = read_history_migration(settings)
    assert set(OTHER_COLUMNS) == set(migration.CLOSED_ONCE)
    for table, change in OTHER_COLUMNS.items():
        await refuse_each(history, [table], f"UPDATE {{table}} SET {change}")
        column, _ = migration.CLOSED_ONCE[table]
        earlier = f"tstzrange(lower({column}) - interval '1 hour', upper({column}))"
        await refuse_each(history, [table], f"UPDATE {{table}} SET {column} = {earlier}")


async def open_grant(owner: asyncpg.Connection, ends: datetime | None = None) -> UUID:
    """A new grant, open or with an end that was planned."""
    granted: UUID = await owner.fetchval(
        "INSERT INTO registry.grants (id, account, role, agency_id, valid, granted_by) "
        "VALUES (gen_random_uuid(), 'newcomer', 'records_officer', $1, tstzrange(now(), $2), 'head') RETURNING id",
        UUID(AGENCY),
        ends,
    )
    return granted


END = (
    "UPDATE registry.grants SET valid = tstzrange(lower(valid), $2), revoked_by = $3, revoked_at = now() WHERE id = $1"
)


async def test_a_right_ends_once_and_its_end_stays_signed(history: asyncpg.Connection) -> None:
    now = await history.fetchval("SELECT now()")
    grant = await open_grant(history)
    await history.execute(END, grant, now + timedelta(days=2), "head")
    for ends, by in ((2, "other"), (1, "head"), (3, "head")):
        await refuse(history, asyncpg.RestrictViolationError, END, grant, now + timedelta(days=ends), by)
    for change in ("valid = tstzrange(lower(valid), NULL)", "revoked_by = NULL, revoked_at = NULL"):
        await refuse(
            history, asyncpg.RestrictViolationError, f"UPDATE registry.grants SET {change} WHERE id = $1", grant
        )


async def test_a_right_may_end_before_its_planned_end_but_not_after_it(history: asyncpg.Connection) -> None:
    now = await history.fetchval("SELECT now()")
    grant = await open_grant(history, now + timedelta(days=10))
    await refuse(history, asyncpg.RestrictViolationError, END, grant, now + timedelta(days=11), "head")
    await history.execute(END, grant, now + timedelta(days=1), "head")


async def test_a_right_that_has_not_begun_may_be_taken_back_altogether(history: asyncpg.Connection) -> None:
    grant = await open_grant(history)
    await history.execute(
        "UPDATE registry.grants SET valid = 'empty', revoked_by = 'head', revoked_at = now() WHERE id = $1", grant
    )
    assert await history.fetchval("SELECT isempty(valid) FROM registry.grants WHERE id = $1", grant)


async def test_what_was_said_is_closed_once_and_never_emptied(history: asyncpg.Connection) -> None:
    version = "series_id = $1 AND upper_inf(recorded)"
    emptied = f"UPDATE registry.outcome_versions SET recorded = 'empty' WHERE {version}"
    await refuse(history, asyncpg.PostgresError, emptied, UUID(SERIES))
    closed = await history.fetchval(
        "UPDATE registry.outcome_versions SET recorded = tstzrange(lower(recorded), now()) "
        f"WHERE {version} RETURNING version",
        UUID(SERIES),
    )
    assert closed is not None
    for end in ("now() - interval '1 minute'", "NULL", "now() + interval '1 minute'"):
        await refuse(
            history,
            asyncpg.RestrictViolationError,
            f"UPDATE registry.outcome_versions SET recorded = tstzrange(lower(recorded), {end}) "
            "WHERE series_id = $1 AND version = $2",
            UUID(SERIES),
            closed,
        )


async def read_standings(owner: asyncpg.Connection, series: UUID) -> list[tuple[str, str, str]]:
    """The standings of a series in order, as (life cycle, finality, dispute)."""
    rows = await owner.fetch(
        "SELECT lifecycle, finality, dispute FROM registry.outcome_statuses WHERE series_id = $1 ORDER BY recorded",
        series,
    )
    return [tuple(row) for row in rows]


async def add_series(owner: asyncpg.Connection) -> UUID:
    """A new series, in draft."""
    series: UUID = await owner.fetchval(
        "INSERT INTO registry.outcome_series "
        "(id, analyst_id, officer_id, agency_id, matter_id, kind, lifecycle, finality) "
        "SELECT gen_random_uuid(), gen_random_uuid(), officer_id, agency_id, matter_id, kind, 'DRAFT', 'NON_FINAL' "
        "FROM registry.outcome_series WHERE id = $1 RETURNING id",
        UUID(SERIES),
    )
    return series


async def test_every_change_of_standing_is_written_down_in_order(history: asyncpg.Connection) -> None:
    series = await add_series(history)
    changes = (
        "lifecycle = 'SUBMITTED'",
        "finality = 'APPEAL_WINDOW'",
        "dispute = 'DISPUTED'",
        "lifecycle = 'VOIDED', void_reason = 'DUPLICATE'",
    )
    for change in changes:
        await history.execute(f"UPDATE registry.outcome_series SET {change} WHERE id = $1", series)
    # All of it in one transaction, so at one moment of its clock: the order is kept all the same.
    assert await read_standings(history, series) == [
        ("DRAFT", "NON_FINAL", "NONE"),
        ("SUBMITTED", "NON_FINAL", "NONE"),
        ("SUBMITTED", "APPEAL_WINDOW", "NONE"),
        ("SUBMITTED", "APPEAL_WINDOW", "DISPUTED"),
        ("VOIDED", "APPEAL_WINDOW", "DISPUTED"),
    ]
    gaps = await history.fetchval(
        "SELECT count(*) FROM (SELECT upper(recorded) <> lead(lower(recorded)) OVER (ORDER BY recorded) AS gap "
        "FROM registry.outcome_statuses WHERE series_id = $1) s WHERE gap",
        series,
    )
    assert gaps == 0
    latest = "SELECT void_reason FROM registry.outcome_statuses WHERE series_id = $1 AND upper_inf(recorded)"
    assert await history.fetchval(latest, series) == "DUPLICATE"


async def test_a_change_of_anything_else_is_no_change_of_standing(history: asyncpg.Connection) -> None:
    series = await add_series(history)
    await history.execute("UPDATE registry.outcome_series SET current_version = 2 WHERE id = $1", series)
    assert len(await read_standings(history, series)) == 1


async def test_content_goes_by_expungement_and_leaves_its_commitment(history: asyncpg.Connection) -> None:
    contents = "SELECT count(*) FROM registry.outcome_contents WHERE series_id = $1"
    versions = "SELECT count(*) FROM registry.outcome_versions WHERE series_id = $1 AND content_commitment IS NOT NULL"
    another = await history.fetchval(
        "INSERT INTO registry.outcome_contents (series_id, version, commitment_salt, action_date, force_related) "
        "SELECT series_id, version, $2, date '2025-01-01', false FROM registry.outcome_versions "
        "WHERE series_id <> $1 LIMIT 1 RETURNING series_id",
        UUID(SERIES),
        DIGEST,
    )
    held = await history.fetchval(contents, UUID(SERIES))
    kept = await history.fetchval(versions, UUID(SERIES))
    assert held > 0
    assert await history.fetchval("SELECT registry.expunge_content($1)", UUID(SERIES)) == held
    assert await history.fetchval(contents, UUID(SERIES)) == 0
    assert await history.fetchval(versions, UUID(SERIES)) == kept
    assert await history.fetchval(contents, another) == 1
    # The permission ends with the function that gave it to itself.
    await refuse(history, asyncpg.RestrictViolationError, "DELETE FROM registry.outcome_contents")


async def test_content_is_never_changed_even_while_it_is_expunged(history: asyncpg.Connection) -> None:
    await history.execute("SELECT set_config('probity.expunging', $1, true)", SERIES)
    await refuse(
        history,
        asyncpg.RestrictViolationError,
        "UPDATE registry.outcome_contents SET on_duty = NOT on_duty WHERE series_id = $1",
        UUID(SERIES),
    )


@pytest.mark.parametrize("login", list(Login))
async def test_no_login_may_expunge(kept_history: Addresses, login: Login) -> None:
    connection = await asyncpg.connect(kept_history.by_login[login])
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT registry.expunge_content($1)", UUID(SERIES))
        await connection.execute("SELECT set_config('probity.expunging', $1, false)", SERIES)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM registry.outcome_contents WHERE series_id = $1", UUID(SERIES))
    finally:
        await connection.close()
