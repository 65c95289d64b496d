"""What rows of careers become in the registry, seen as its owner."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import asyncpg
import pytest

from app.domain.intake import ImportKind
from app.storage.logins import Login

from .conftest import Importer
from .generated_files import (
    CAREER_HEADER,
    Person,
    career_row,
    name_agency,
    write_agencies,
    write_rows,
)

OFFICER = Person("9999-0000001", "WALKER", "LINDA", "1980")
AT, ELSEWHERE = name_agency(0), name_agency(1)


async def bring(
    importer: Importer, folder: Path, rows: Iterable[list[str]], name: str = "careers.csv"
) -> dict[str, int]:
    """Import these rows, after the agencies; give the five counts."""
    await importer.run(ImportKind.AGENCIES, _write_agencies(folder))
    path = folder / name
    write_rows(path, CAREER_HEADER, rows)
    result = await importer.run(ImportKind.CAREERS, path)
    counts = result.counts.to_json()
    counts.pop("reasons")
    return counts


def _write_agencies(folder: Path) -> Path:
    path = folder / "agencies.csv"
    if not path.exists():
        write_agencies(path)
    return path


async def test_a_termination_that_gives_no_cause_is_kept_so_and_makes_no_outcome(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    row = career_row(OFFICER, AT, "3/1/2012", "6/30/2018", "SEPARATED", "TERMINATED")
    await bring(importer, tmp_path, [row])
    stint = await owner.fetchrow("SELECT * FROM registry.stints")
    assert stint["separation_reason"] == "TERMINATED_UNSPECIFIED"
    assert (stint["from_date"], stint["to_date"]) == (date(2012, 3, 1), date(2018, 6, 30))
    assert not stint["is_current"]
    assert await owner.fetchval("SELECT count(*) FROM registry.outcome_series") == 0
    assert await owner.fetchval("SELECT count(*) FROM registry.matters") == 0


@pytest.mark.parametrize(
    ("status", "word", "reason"),
    [
        ("SEPARATED", "RESIGNATION", "VOLUNTARY_NO_MISCONDUCT"),
        ("SEPARATED", "RETIRED", "RETIRED_NO_MISCONDUCT"),
        ("SEPARATED", "resignation in lieu of termination", "RESIGNED_IN_LIEU"),
        ("SEPARATED", "RETIREMENT IN LIEU OF TERMINATION", "RETIRED_IN_LIEU"),
        ("SEPARATED", "LAID-OFF", "TERMINATED_OTHER"),
        ("SEPARATED", "ELECTED", "TERM_ENDED"),
        ("ACTIVE", "ELECTED", None),
        ("ACTIVE", "HIRE", None),
        ("MILITARY ACTIVE DUTY / LOA", "DEPLOYED - MILITARY ACTIVE DUTY", None),
        ("SEPARATED", "SEPARATION", "LEGACY_UNSPECIFIED"),
        ("SEPARATED", "GRADUATED", None),
    ],
)
async def test_the_crosswalk_gives_each_word_its_reason_and_status_decides_between_two(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path, status: str, word: str, reason: str | None
) -> None:
    await bring(importer, tmp_path, [career_row(OFFICER, AT, "3/1/2012", "", status, word)])
    stint = await owner.fetchrow("SELECT separation_reason, is_current FROM registry.stints")
    assert stint["separation_reason"] == reason
    assert stint["is_current"] == (status != "SEPARATED")


async def test_a_birth_year_goes_to_the_matcher_alone_and_the_importer_cannot_read_it_back(
    importer: Importer, owner: asyncpg.Connection, connect, tmp_path: Path
) -> None:
    rows = [
        career_row(OFFICER, AT, "3/1/2012", "", "ACTIVE", "HIRE"),
        career_row(OFFICER, "FICTIONAL AGENCY THAT IS NOWHERE", "3/1/2013", "", "ACTIVE", "HIRE"),
    ]
    await bring(importer, tmp_path, rows)
    kept = await owner.fetchrow("SELECT birth_date, precision FROM matching.birth_dates")
    assert tuple(kept) == (date(1980, 1, 1), "YEAR")
    login = await connect(Login.IMPORTER)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await login.fetchval("SELECT count(*) FROM matching.birth_dates")
    parked = await owner.fetchval("SELECT content::text FROM registry.review_items")
    assert "WALKER" in parked
    assert "1980" not in parked


async def test_unknown_dates_and_years_are_left_open_and_not_written_as_1901(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    officer = Person(OFFICER.number, OFFICER.family, OFFICER.given, "1901")
    await bring(importer, tmp_path, [career_row(officer, AT, "1/1/1901", "1/1/1901", "SEPARATED", "RETIRED")])
    stint = await owner.fetchrow("SELECT from_date, to_date, is_current FROM registry.stints")
    assert tuple(stint) == (None, None, False)
    assert await owner.fetchval("SELECT count(*) FROM matching.birth_dates") == 0


async def test_overlapping_and_repeated_stints_are_stints_of_one_officer(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    rows = [
        career_row(OFFICER, AT, "3/1/2012", "6/30/2018", "SEPARATED", "RESIGNATION"),
        career_row(OFFICER, "FICTIONAL REGIONAL TASK FORCE", "1/1/2014", "6/30/2016", "SEPARATED", "SEPARATION"),
        career_row(OFFICER, AT, "3/1/2019", "", "ACTIVE", "RE-HIRE"),
        career_row(OFFICER, AT, "3/1/2019", "", "ACTIVE", "RE-HIRE"),
    ]
    counts = await bring(importer, tmp_path, rows)
    assert (counts["accepted"], counts["unchanged"]) == (3, 1)
    assert await owner.fetchval("SELECT count(*) FROM registry.stints") == 3
    assert await owner.fetchval("SELECT count(*) FROM registry.officers") == 1
    identifier = await owner.fetchrow("SELECT kind, issuer, value FROM registry.officer_identifiers")
    assert tuple(identifier) == ("STATE_OFFICER_ID", "WA", "9999-0000001")


async def test_a_later_file_that_tells_the_end_of_a_stint_ends_that_stint(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    going_on = career_row(OFFICER, AT, "3/1/2012", "", "ACTIVE", "HIRE")
    ended = career_row(OFFICER, AT, "3/1/2012", "6/30/2018", "SEPARATED", "RETIRED")
    await bring(importer, tmp_path, [going_on])
    before = await owner.fetchval("SELECT id FROM registry.stints")
    await bring(importer, tmp_path, [ended], "later.csv")
    stint = await owner.fetchrow("SELECT id, to_date, separation_reason, is_current FROM registry.stints")
    assert tuple(stint) == (before, date(2018, 6, 30), "RETIRED_NO_MISCONDUCT", False)
    # The old file, come again, does not bring the old standing back.
    again = await bring(importer, tmp_path, [going_on])
    assert again["unchanged"] == 1
    assert await owner.fetchval("SELECT to_date FROM registry.stints") == date(2018, 6, 30)


async def test_one_file_that_tells_of_both_makes_two_stints(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    rows = [
        career_row(OFFICER, AT, "3/1/2012", "", "ACTIVE", "HIRE"),
        career_row(OFFICER, AT, "3/1/2012", "6/30/2018", "SEPARATED", "RETIRED"),
    ]
    await bring(importer, tmp_path, rows)
    assert await owner.fetchval("SELECT count(*) FROM registry.stints") == 2


async def test_a_correction_in_a_later_file_changes_the_stint_it_is_about(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring(importer, tmp_path, [career_row(OFFICER, AT, "3/1/2012", "6/30/2018", "SEPARATED", "TERMINATED")])
    corrected = career_row(OFFICER, AT, "3/1/2012", "6/30/2018", "SEPARATED", "LAID-OFF")
    counts = await bring(importer, tmp_path, [corrected], "later.csv")
    assert counts["accepted"] == 1
    assert await owner.fetch("SELECT separation_reason FROM registry.stints") == [("TERMINATED_OTHER",)]


async def test_a_changed_family_name_becomes_an_alias_and_a_wholly_other_name_waits_for_review(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    married = Person(OFFICER.number, "HALL", OFFICER.given, OFFICER.birth_year)
    stranger = Person(OFFICER.number, "KING", "JOSEPH", OFFICER.birth_year)
    rows = [
        career_row(OFFICER, AT, "3/1/2012", "6/30/2018", "SEPARATED", "RETIRED"),
        career_row(married, ELSEWHERE, "3/1/2019", "", "ACTIVE", "HIRE"),
        career_row(stranger, ELSEWHERE, "3/1/2020", "", "ACTIVE", "HIRE"),
    ]
    counts = await bring(importer, tmp_path, rows)
    assert (counts["accepted"], counts["parked"]) == (2, 1)
    names = await owner.fetch("SELECT kind, family_name FROM registry.officer_names ORDER BY kind")
    assert [tuple(name) for name in names] == [("ALIAS", "HALL"), ("LEGAL", "WALKER")]
    assert await owner.fetchval("SELECT reason FROM registry.review_items") == "PERSON_NAMES_DIFFER"


async def test_a_row_parked_for_its_agency_is_taken_once_the_agency_is_there(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path, write_file
) -> None:
    rows = [career_row(OFFICER, "FICTIONAL LATE POLICE DEPARTMENT", "3/1/2012", "", "ACTIVE", "HIRE")]
    assert (await bring(importer, tmp_path, rows))["parked"] == 1
    assert (await bring(importer, tmp_path, rows))["parked"] == 1
    assert await owner.fetchval("SELECT count(*) FROM registry.review_items") == 1
    late = write_file("late.csv", "name,kind,level,state\nFictional Late Police Dept.,LOCAL_POLICE,LOCAL,WA\n")
    await importer.run(ImportKind.AGENCIES, late)
    assert (await bring(importer, tmp_path, rows))["accepted"] == 1
    item = await owner.fetchrow("SELECT resolved_by, resolved_at FROM registry.review_items")
    assert tuple(item) == ("import", importer.at)


async def test_an_officer_who_was_merged_gets_his_stints_under_the_one_he_was_merged_into(
    importer: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    other = Person("9999-0000002", OFFICER.family, OFFICER.given, "1980")
    rows = [
        career_row(OFFICER, AT, "3/1/2012", "6/30/2018", "SEPARATED", "RETIRED"),
        career_row(other, ELSEWHERE, "3/1/2019", "6/30/2020", "SEPARATED", "RETIRED"),
    ]
    await bring(importer, tmp_path, rows)
    kept, gone = [
        await owner.fetchval("SELECT officer_id FROM registry.officer_identifiers WHERE value = $1", person.number)
        for person in (OFFICER, other)
    ]
    await owner.execute("UPDATE registry.officers SET status = 'MERGED', merged_into = $1 WHERE id = $2", kept, gone)
    await bring(importer, tmp_path, [career_row(other, AT, "1/1/2021", "", "ACTIVE", "HIRE")], "later.csv")
    assert await owner.fetchval("SELECT officer_id FROM registry.stints WHERE from_date = '2021-01-01'") == kept
