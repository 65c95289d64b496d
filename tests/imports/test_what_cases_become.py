"""What rows of cases become in the registry, seen as its owner: drafts, matters, revisions, and nothing disclosed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.domain.content import VersionContent, proves_content
from app.domain.intake import ImportKind

from .conftest import MAPPINGS, Importer
from .generated_files import (
    CASE_HEADER,
    FORCE,
    Person,
    career_row,
    case_row,
    invent_case_officer,
    name_agency,
    write_agencies,
    write_careers,
    write_rows,
)

AT = name_agency(0)
OFFICER = invent_case_officer(0)
PROVEN = {
    "received": "7/12/2018",
    "charges": "2/4/2019",
    "hearing": "8/20/2019",
    "order": "10/1/2019",
    "closed": "10/2/2019",
}
REINSTATED = {"received": "1/5/2021", "order": "6/1/2021", "closed": "6/1/2021", "conduct": ""}


@pytest.fixture
async def ready(importer: Importer, tmp_path: Path) -> Importer:
    """Agencies and four case officers are in."""
    write_agencies(tmp_path / "agencies.csv")
    await importer.run(ImportKind.AGENCIES, tmp_path / "agencies.csv")
    write_careers(tmp_path / "careers.csv", stints=0, case_officers=4, flaws=0)
    await importer.run(ImportKind.CAREERS, tmp_path / "careers.csv")
    return importer


async def bring(importer: Importer, folder: Path, rows: Iterable[list[str]], name: str = "cases.csv") -> dict[str, Any]:
    """Import these cases and give the counts."""
    write_rows(folder / name, CASE_HEADER, rows)
    return (await importer.run(ImportKind.CASES, folder / name)).counts.to_json()


async def test_a_revocation_with_notice_and_order_awaits_its_evidence(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring(ready, tmp_path, [case_row("2099-1", OFFICER, AT, "Revocation - Hearing", **PROVEN)])
    series = await owner.fetchrow(
        "SELECT s.*, a.name AS agency, m.case_number, m.status, m.opened_on, m.closed_on, m.disposition,"
        " m.force_related"
        " FROM registry.outcome_series s JOIN registry.agencies a ON a.id = s.agency_id"
        " JOIN registry.matters m ON m.id = s.matter_id"
    )
    assert (series["kind"], series["lifecycle"]) == ("DECERTIFICATION", "AWAITING_EVIDENCE")
    assert (series["finality"], series["dispute"], series["cleared_at"]) == ("APPEAL_WINDOW", "NONE", None)
    assert (series["agency"], series["case_number"], series["status"]) == (AT, "2099-1", "CLOSED")
    assert (series["opened_on"], series["closed_on"]) == (date(2018, 7, 12), date(2019, 10, 2))
    assert (series["disposition"], series["force_related"]) == ("SUSTAINED", True)
    standing = await owner.fetch("SELECT lifecycle FROM registry.outcome_statuses")
    assert [row["lifecycle"] for row in standing] == ["AWAITING_EVIDENCE"]


async def test_each_date_becomes_a_step_with_evidence_that_its_custodian_holds(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring(ready, tmp_path, [case_row("2099-1", OFFICER, AT, "Revocation - Hearing", **PROVEN)])
    steps = await owner.fetch(
        "SELECT p.element, p.occurred_on, p.waived, p.certified_by, e.document_kind, e.sha256, e.custodian, e.held_on"
        " FROM registry.process_steps p JOIN registry.evidence_items e ON e.id = p.evidence_id ORDER BY p.occurred_on"
    )
    assert [(row["element"], row["document_kind"], row["occurred_on"]) for row in steps] == [
        ("NOTICE_OF_CHARGE", "NOTICE", date(2019, 2, 4)),
        ("OPPORTUNITY_TO_RESPOND", "HEARING_RECORD", date(2019, 8, 20)),
        ("WRITTEN_DECISION", "ORDER", date(2019, 10, 1)),
    ]
    for row in steps:
        assert row["sha256"] is None
        assert row["certified_by"] is None
        assert not row["waived"]
        assert row["held_on"] == row["occurred_on"]
        assert row["custodian"] == "Washington State Criminal Justice Training Commission"
    assert await owner.fetchval("SELECT count(*) FROM registry.determinations") == 0


@pytest.mark.parametrize("missing", ["charges", "order"])
async def test_a_revocation_without_notice_or_without_order_is_a_draft(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path, missing: str
) -> None:
    days = {name: day for name, day in PROVEN.items() if name != missing}
    await bring(ready, tmp_path, [case_row("2099-1", OFFICER, AT, "Revocation - Default", **days)])
    assert await owner.fetchval("SELECT lifecycle FROM registry.outcome_series") == "DRAFT"
    assert await owner.fetchval("SELECT action_date FROM registry.outcome_contents") == (
        date(2019, 10, 2) if missing == "order" else date(2019, 10, 1)
    )


async def test_no_import_leaves_an_outcome_beyond_draft_and_awaiting_evidence(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    words = [word for word in _list_determinations() if word != "Eligibility Reinstated"]
    rows = [case_row(f"2099-{n}", OFFICER, AT, word, **PROVEN) for n, word in enumerate(words)]
    counts = await bring(ready, tmp_path, rows)
    assert counts["accepted"] == len(words)
    lifecycles = {row[0] for row in await owner.fetch("SELECT lifecycle FROM registry.outcome_series")}
    assert lifecycles == {"AWAITING_EVIDENCE"}
    kinds = {row[0] for row in await owner.fetch("SELECT kind FROM registry.outcome_series")}
    assert kinds == {"DECERTIFICATION"}
    revocations = sum(word.startswith("Revocation") for word in words)
    assert await owner.fetchval("SELECT count(*) FROM registry.outcome_series") == revocations
    assert await owner.fetchval("SELECT count(*) FROM registry.matters") == len(words)


def _list_determinations() -> list[str]:
    mapping = tomllib.loads((MAPPINGS / "wa_cases.toml").read_text("utf-8"))
    return list(mapping["case"]["determination"]["codes"])


async def test_an_open_case_is_a_matter_even_where_it_names_nobody(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    row = case_row("2099-1", None, AT, "", status="Investigation", conduct="", received="3/3/2021")
    counts = await bring(ready, tmp_path, [row])
    assert counts["reasons"]["accepted"] == {"MATTER_WITHOUT_OUTCOME": 1}
    matter = await owner.fetchrow("SELECT status, closed_on, disposition, force_related FROM registry.matters")
    assert tuple(matter) == ("OPEN", None, None, None)


async def test_an_open_case_that_is_decided_in_a_later_file_becomes_an_outcome(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring(
        ready,
        tmp_path,
        [case_row("2099-1", OFFICER, AT, "", status="Hearing", received="7/12/2018", charges="2/4/2019")],
    )
    counts = await bring(
        ready, tmp_path, [case_row("2099-1", OFFICER, AT, "Revocation - Hearing", **PROVEN)], "later.csv"
    )
    assert counts["reasons"]["accepted"] == {"OUTCOME_AWAITING_EVIDENCE": 1}
    assert await owner.fetchval("SELECT count(*) FROM registry.matters") == 1
    assert await owner.fetchval("SELECT status FROM registry.matters") == "CLOSED"
    assert await owner.fetchval("SELECT count(*) FROM registry.process_steps") == 3


async def test_a_case_that_has_made_an_outcome_is_no_longer_changed_by_a_file(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring(ready, tmp_path, [case_row("2099-1", OFFICER, AT, "Revocation - Hearing", **PROVEN)])
    other = {**PROVEN, "order": "11/1/2019", "closed": "11/1/2019"}
    counts = await bring(
        ready, tmp_path, [case_row("2099-1", OFFICER, AT, "Revocation - Hearing", **other)], "later.csv"
    )
    assert counts["reasons"]["parked"] == {"CASE_ALREADY_KNOWN": 1}
    assert await owner.fetchval("SELECT action_date FROM registry.outcome_contents") == date(2019, 10, 1)


async def test_a_reinstatement_becomes_a_revision_in_the_series_of_the_revocation(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    rows = [
        case_row("2099-2", OFFICER, AT, "Eligibility Reinstated", **REINSTATED),
        case_row("2099-1", OFFICER, AT, "Revocation - Hearing", **PROVEN),
    ]
    await bring(ready, tmp_path, rows)
    versions = await owner.fetch(
        "SELECT v.version, v.report_type, v.supersedes, lower(v.valid) AS valid_from, upper_inf(v.recorded) AS speaks,"
        " v.content_commitment, c.* FROM registry.outcome_versions v"
        " JOIN registry.outcome_contents c USING (series_id, version) ORDER BY v.version"
    )
    assert [(row["report_type"], row["supersedes"], row["speaks"]) for row in versions] == [
        ("INITIAL", None, False),
        ("REVISION", 1, True),
    ]
    assert [row["valid_from"] for row in versions] == [date(2019, 10, 1), date(2021, 6, 1)]
    assert [row["final_finding"] for row in versions] == ["SUSTAINED", None]
    assert [row["force_related"] for row in versions] == [True, True]
    assert [row["legal_basis"] for row in versions] == [FORCE, "eligibility reinstated, RCW 43.101.115"]
    assert await owner.fetchval("SELECT current_version FROM registry.outcome_series") == 2
    assert await owner.fetchval("SELECT count(*) FROM registry.matters") == 2
    for row in versions:
        content = VersionContent(
            action_date=row["action_date"],
            force_related=row["force_related"],
            basis=tuple(row["basis"]),
            final_finding=row["final_finding"],
            standard_of_proof=row["standard_of_proof"],
            legal_basis=row["legal_basis"],
        )
        assert proves_content(row["content_commitment"], row["commitment_salt"], content)


async def test_a_reinstatement_never_touches_a_revocation_that_others_may_have_seen(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await bring(ready, tmp_path, [case_row("2099-1", OFFICER, AT, "Revocation - Hearing", **PROVEN)])
    await owner.execute("UPDATE registry.outcome_series SET lifecycle = 'CLEARED', cleared_at = now()")
    again = [case_row("2099-2", OFFICER, AT, "Eligibility Reinstated", **REINSTATED)]
    counts = await bring(ready, tmp_path, again, "later.csv")
    assert counts["reasons"]["parked"] == {"REVOCATION_IN_REVIEW": 1}
    assert await owner.fetchval("SELECT count(*) FROM registry.outcome_versions") == 1


async def test_two_revocations_leave_a_reinstatement_to_a_registrar(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    rows = [
        case_row("2099-1", OFFICER, AT, "Revocation - Hearing", **PROVEN),
        case_row("2099-2", OFFICER, AT, "Revocation - Default", **PROVEN),
        case_row("2099-3", OFFICER, AT, "Eligibility Reinstated", **REINSTATED),
    ]
    counts = await bring(ready, tmp_path, rows)
    assert counts["reasons"]["parked"] == {"REVOCATION_AMBIGUOUS": 1}


async def test_a_name_that_two_officers_of_the_employer_bear_leads_to_neither(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    twins = [Person(f"9999-T{n}", "YOUNG", "KAREN", "1975") for n in (1, 2)]
    header = (tmp_path / "careers.csv").read_text("utf-8").splitlines()[0].split(",")
    stints = [career_row(twin, AT, f"3/{n}/2012", "", "ACTIVE", "HIRE") for n, twin in enumerate(twins, start=1)]
    write_rows(tmp_path / "twins.csv", header, stints)
    await ready.run(ImportKind.CAREERS, tmp_path / "twins.csv")
    counts = await bring(ready, tmp_path, [case_row("2099-1", twins[0], AT, "Revocation - Default", **PROVEN)])
    assert counts["reasons"]["parked"] == {"OFFICER_AMBIGUOUS": 1}
    assert await owner.fetchval("SELECT count(*) FROM registry.outcome_series") == 0


async def test_an_officer_is_not_found_at_an_agency_where_he_never_served(ready: Importer, tmp_path: Path) -> None:
    rows = [case_row("2099-1", OFFICER, name_agency(9), "Revocation - Default", **PROVEN)]
    counts = await bring(ready, tmp_path, rows)
    assert counts["reasons"]["parked"] == {"OFFICER_UNKNOWN": 1}


async def test_a_case_about_an_officer_known_by_an_alias_finds_him(
    ready: Importer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    renamed = Person(OFFICER.number, "MARTIN", OFFICER.given, OFFICER.birth_year)
    header = (tmp_path / "careers.csv").read_text("utf-8").splitlines()[0].split(",")
    write_rows(tmp_path / "new.csv", header, [career_row(renamed, AT, "1/1/2019", "", "ACTIVE", "RE-HIRE")])
    await ready.run(ImportKind.CAREERS, tmp_path / "new.csv")
    counts = await bring(ready, tmp_path, [case_row("2099-1", renamed, AT, "Revocation - Default", **PROVEN)])
    assert counts["accepted"] == 1
