"""What no row may say, whoever writes it: two things at once, an end without a signature, a number that can be read.

The database refuses by itself; nothing here goes through the code that would refuse it before.
"""

from __future__ import annotations

from uuid import UUID

import asyncpg
import pytest

from tests.migrations.history_rows import DIGEST, refuse
from tests.worlds.lines import AGENCY, OFFICER

OVERLAPS = {
    "two versions that speak at once": (
        "INSERT INTO registry.outcome_versions (series_id, version, report_type, supersedes, valid, recorded, "
        "content_commitment) "
        "SELECT series_id, version + 50, 'CORRECTION', version, valid, recorded, content_commitment "
        "FROM registry.outcome_versions"
    ),
    "two standings at once": (
        "INSERT INTO registry.outcome_statuses (series_id, recorded, lifecycle, finality, dispute) "
        "SELECT series_id, tstzrange(lower(recorded) + interval '1 second', NULL), lifecycle, finality, dispute "
        "FROM registry.outcome_statuses WHERE upper_inf(recorded)"
    ),
    "one right held twice": (
        "INSERT INTO registry.grants (id, account, role, agency_id, state_code, officer_id, valid, granted_by) "
        "SELECT gen_random_uuid(), account, role, agency_id, state_code, officer_id, valid, 'other' "
        "FROM registry.grants"
    ),
    "one hold placed twice": (
        "INSERT INTO registry.holds (id, series_id, kind, valid, authority, placed_by) "
        "SELECT gen_random_uuid(), series_id, kind, valid, authority, placed_by FROM registry.holds"
    ),
    "two statements that stand at once": (
        "INSERT INTO registry.officer_statements (id, series_id, version, body, recorded) "
        "SELECT gen_random_uuid(), series_id, version + 50, body, recorded FROM registry.officer_statements"
    ),
    "one case assigned twice to one person": (
        "INSERT INTO registry.case_assignments (id, series_id, account, role, valid, assigned_by) "
        "SELECT gen_random_uuid(), series_id, account, role, valid, 'other' FROM registry.case_assignments"
    ),
}


@pytest.mark.parametrize("case", OVERLAPS)
async def test_what_may_hold_once_at_a_time_is_refused_a_second_time(history: asyncpg.Connection, case: str) -> None:
    await refuse(history, asyncpg.ExclusionViolationError, OVERLAPS[case])


GRANT = "INSERT INTO registry.grants (id, account, role, agency_id, valid, granted_by, revoked_by, revoked_at) VALUES "
PAIRS = {
    "an end that nobody signed": (
        "(gen_random_uuid(), 'a', 'records_officer', $1, tstzrange(now(), NULL), 'b', NULL, now())"
    ),
    "a signature without its time": (
        "(gen_random_uuid(), 'a', 'records_officer', $1, tstzrange(now(), NULL), 'b', 'c', NULL)"
    ),
    "a role given to oneself": (
        "(gen_random_uuid(), 'a', 'records_officer', $1, tstzrange(now(), NULL), 'a', NULL, NULL)"
    ),
    "a State's role without its State": (
        "(gen_random_uuid(), 'a', 'post_officer', $1, tstzrange(now(), NULL), 'b', NULL, NULL)"
    ),
    "a role of the public": "(gen_random_uuid(), 'a', 'public', $1, tstzrange(now(), NULL), 'b', NULL, NULL)",
}


@pytest.mark.parametrize("case", PAIRS)
async def test_who_and_when_and_where_belong_together(history: asyncpg.Connection, case: str) -> None:
    await refuse(history, asyncpg.CheckViolationError, GRANT + PAIRS[case], UUID(AGENCY))


async def test_whoever_may_sign_signs_with_a_time(history: asyncpg.Connection) -> None:
    paired = await history.fetch(
        "SELECT conrelid::regclass::text AS signed, conname FROM pg_constraint "
        "WHERE contype = 'c' AND conname ~ '_by_with_.*_at$'"
    )
    signers = await history.fetch(
        "SELECT w.attrelid::regclass::text AS signed, w.attname FROM pg_attribute w "
        "JOIN pg_class c ON c.oid = w.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE w.attname ~ '_by$' AND w.atttypid = 'text'::regtype AND NOT w.attnotnull AND c.relkind = 'r' "
        "AND n.nspname = ANY($1) "
        "AND EXISTS (SELECT FROM pg_attribute t WHERE t.attrelid = w.attrelid "
        "AND t.attname = regexp_replace(w.attname, '_by$', '_at'))",
        ["registry", "release", "matching", "audit"],
    )
    assert len(signers) > 5
    for row in signers:
        wanted = f"{row['attname']}_with_"
        assert any(each["signed"] == row["signed"] and wanted in each["conname"] for each in paired), tuple(row)


IDENTIFIER = (
    "INSERT INTO registry.officer_identifiers (id, officer_id, kind, issuer, value, value_token, token_key_version) "
    "VALUES (gen_random_uuid(), $1, $2, 'US', $3, $4, $5)"
)


@pytest.mark.parametrize(
    ("kind", "value", "token", "key_version"),
    [
        ("SSN_TOKEN", "9001", None, None),
        ("SSN_TOKEN", "9001", DIGEST, 1),
        ("SSN_TOKEN", None, DIGEST[:31], 1),
        ("SSN_TOKEN", None, DIGEST + b"\x00", 1),
        ("SSN_TOKEN", None, DIGEST, None),
        ("SSN_TOKEN", None, None, None),
        ("BADGE", None, DIGEST, 1),
        ("BADGE", "12", DIGEST, 1),
        ("BADGE", None, None, None),
    ],
)
async def test_an_ssn_is_kept_as_a_token_of_32_bytes_and_nothing_else_is(
    history: asyncpg.Connection, kind: str, value: str | None, token: bytes | None, key_version: int | None
) -> None:
    await refuse(history, asyncpg.CheckViolationError, IDENTIFIER, UUID(OFFICER), kind, value, token, key_version)


async def test_a_token_and_a_badge_of_the_right_form_are_kept(history: asyncpg.Connection) -> None:
    await history.execute(IDENTIFIER, UUID(OFFICER), "SSN_TOKEN", None, DIGEST, 1)
    await history.execute(IDENTIFIER, UUID(OFFICER), "BADGE", "9999-12", None, None)


@pytest.mark.parametrize(
    ("kind", "code"), [("TRIBAL", "TRIBE-ABOVE"), ("FEDERAL", "US"), ("CAMPUS", "WA"), ("TERRITORIAL", "GU")]
)
async def test_an_agency_needs_no_county_and_a_tribes_or_federal_one_no_state(
    history: asyncpg.Connection, kind: str, code: str
) -> None:
    kept = await history.fetchrow(
        "INSERT INTO registry.agencies (id, jurisdiction_id, name, kind) SELECT gen_random_uuid(), id, 'Coined', $1 "
        "FROM registry.jurisdictions WHERE code = $2 RETURNING state_code, county_fips",
        kind,
        code,
    )
    assert kept is not None
    assert tuple(kept) == (None, None)


@pytest.mark.parametrize("ori", ["WA9990900", "NB9990900", "GM9990900", "DCFBIWAA9", "AZDI00000"])
async def test_an_ori_of_the_right_form_is_kept_whatever_place_it_begins_with(
    history: asyncpg.Connection, ori: str
) -> None:
    await history.execute("INSERT INTO registry.agency_oris (ori, agency_id) VALUES ($1, $2)", ori, UUID(AGENCY))


@pytest.mark.parametrize("ori", ["wa9990900", "WA999090", "WA99909000", "W19990900", "WA 990900", ""])
async def test_an_ori_of_another_form_is_refused(history: asyncpg.Connection, ori: str) -> None:
    await refuse(
        history,
        asyncpg.CheckViolationError,
        "INSERT INTO registry.agency_oris (ori, agency_id) VALUES ($1, $2)",
        ori,
        UUID(AGENCY),
    )
