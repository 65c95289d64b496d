"""The demonstration's story has each part it promises, under ids that stay the same."""

from __future__ import annotations

import csv
import json
import re
from datetime import timedelta

import asyncpg
import pytest

from app.demo.cast import (
    ACCOUNT_DUTIES,
    AGENCIES,
    CINDER_COVE,
    FOSTER,
    HARBORLIGHT,
    MITCHELL,
    OFFICERS,
    PRICE,
    TALLOWMERE,
    WALKER,
    Account,
    StoryBody,
    StoryCheck,
    StoryOutcome,
)
from app.demo.story import tell_story, write_story
from app.domain.vocabulary import CredentialStatus, Role
from app.settings import Settings
from tests.worlds.lines import NOW, REAL_AGENCIES, Line, load


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return [json.loads(line) for line in write_story(NOW)]


def _find(lines: list[Line], kind: str, id: str) -> Line:
    (found,) = [line for line in lines if line["kind"] == kind and line.get("id") == id]
    return found


@pytest.mark.parametrize(
    ("outcome", "lifecycle", "finality", "also"),
    [
        (StoryOutcome.WALKER_TERMINATED, "CLEARED", "FINAL", {}),
        (StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW, "PROCESS_REVIEW", "NON_FINAL", {}),
        (StoryOutcome.MITCHELL_IN_REVIEW, "PROCESS_REVIEW", "NON_FINAL", {}),
        (StoryOutcome.HUGHES_VOIDED, "VOIDED", "OVERTURNED", {"void_reason": "OVERTURNED"}),
        (
            StoryOutcome.PETERSON_NO_FINDING,
            "CLEARED",
            "NON_FINAL",
            {"outcome_kind": "SEPARATION_UNDER_FORCE_INVESTIGATION"},
        ),
        (StoryOutcome.BENNETT_NOTICE, "NOTICE", "FINAL", {}),
        (StoryOutcome.SANDERS_SEALED, "CLEARED", "FINAL", {}),
        (StoryOutcome.REED_SUSPENDED, "CLEARED", "FINAL", {}),
        (StoryOutcome.TORRES_CORRECTED, "CLEARED", "FINAL", {"current_version": 2}),
        (StoryOutcome.COLEMAN_DISPUTED, "CLEARED", "FINAL", {"dispute": "DISPUTED"}),
        (StoryOutcome.FOSTER_TERMINATED, "CLEARED", "FINAL", {}),
        (
            StoryOutcome.DIXON_NO_FINDING,
            "CLEARED",
            "NON_FINAL",
            {"outcome_kind": "SEPARATION_UNDER_FORCE_INVESTIGATION"},
        ),
    ],
)
def test_every_outcome_stands_as_told(
    lines: list[Line], outcome: StoryOutcome, lifecycle: str, finality: str, also: Line
) -> None:
    line = _find(lines, "outcome", outcome.value)
    told = {"dispute": "NONE", "current_version": len(line["versions"]), **also}
    stands = {"current_version": len(line["versions"]), **line}
    assert (line["lifecycle"], line["finality"]) == (lifecycle, finality)
    assert {name: stands[name] for name in told} == told


def test_the_wandering_officer_was_dismissed_with_fair_process_and_hired_in_another_state(lines: list[Line]) -> None:
    stints = [line for line in lines if line["kind"] == "stint" and line["officer"] == WALKER.id]
    assert [(stint["agency"], stint["is_current"]) for stint in stints] == [
        (HARBORLIGHT.id, False),
        (CINDER_COVE.id, True),
    ]
    assert HARBORLIGHT.state != CINDER_COVE.state
    assert stints[0]["separation_reason"] == "TERMINATED_FOR_CAUSE"
    outcome = _find(lines, "outcome", StoryOutcome.WALKER_TERMINATED.value)
    assert outcome["determinations"][0]["result"] == "SATISFIED"
    assert len(outcome["determinations"][0]["elements"]) == 9
    assert outcome["versions"][0]["content"]["force_related"] is True
    assert outcome["versions"][0]["valid_from"] == stints[0]["to"]


def test_holds_statement_and_correction_are_there(lines: list[Line]) -> None:
    sealed = _find(lines, "outcome", StoryOutcome.SANDERS_SEALED.value)["holds"]
    stayed = _find(lines, "outcome", StoryOutcome.REED_SUSPENDED.value)["holds"]
    assert [hold["kind"] for hold in sealed + stayed] == ["SEAL_ORDER", "STAY"]
    assert not any("to" in hold for hold in sealed + stayed)
    disputed = _find(lines, "outcome", StoryOutcome.COLEMAN_DISPUTED.value)
    assert disputed["disputes"]
    assert "recording" in disputed["statements"][0]["body"]
    versions = _find(lines, "outcome", StoryOutcome.TORRES_CORRECTED.value)["versions"]
    assert [version["report_type"] for version in versions] == ["INITIAL", "CORRECTION"]
    assert versions[0]["content"]["on_duty"] != versions[1]["content"]["on_duty"]


@pytest.mark.parametrize("check", StoryCheck)
def test_every_check_rests_on_a_consent_of_its_scope(lines: list[Line], check: StoryCheck) -> None:
    opened = _find(lines, "candidate_check", check.value)
    consent = _find(lines, "consent", check.consent_id)
    assert opened["agency"] == consent["agency"] == TALLOWMERE.id
    assert opened["officer"] == consent["officer"]
    assert opened["check_kind"] == consent["scope"]
    is_open = opened["expires_at"] > NOW.isoformat() and "closed_at" not in opened
    assert is_open == (check is not StoryCheck.REED_CLOSED)


def test_every_account_holds_what_it_needs_and_nobody_grants_to_himself(lines: list[Line]) -> None:
    grants = {line["account"]: line for line in lines if line["kind"] == "grant"}
    assert set(grants) == set(Account)
    assert set(ACCOUNT_DUTIES) == set(Account)
    assert grants[Account.INVESTIGATOR]["agency"] == TALLOWMERE.id
    assert grants[Account.OFFICER]["officer"] == WALKER.id
    assert grants[Account.POST]["state"] == "WA"
    assert all(grant["granted_by"] != account for account, grant in grants.items())
    assert {line["role"] for line in lines if line["kind"] == "grant"} == set(Role) - {Role.PUBLIC}


def test_no_registrar_or_auditor_was_made_by_another_and_the_mandate_is_the_officers(lines: list[Line]) -> None:
    given = {(line["role"], line["granted_by"]) for line in lines if line["kind"] == "grant"}
    assert {by for role, by in given if role in {Role.REGISTRAR, Role.AUDITOR}} == {"demo-operator"}
    assert {by for role, by in given if role == Role.OFFICER_REP} == {Account.OFFICER}


def test_an_investigator_is_checked_by_his_own_agency(lines: list[Line]) -> None:
    own = [line for line in lines if line["kind"] == "grant" and line["account"] == Account.INVESTIGATOR_WITH_RECORD]
    assert {line["role"]: line.get("agency", line.get("officer")) for line in own} == {
        Role.HIRING_INVESTIGATOR: TALLOWMERE.id,
        Role.OFFICER: FOSTER.id,
    }
    assert _find(lines, "candidate_check", StoryCheck.FOSTER_FULL.value)["opened_by"] == Account.INVESTIGATOR
    assert _find(lines, "outcome", StoryOutcome.FOSTER_TERMINATED.value)["officer"] == FOSTER.id


def test_one_body_has_an_applicant_and_an_agency_that_it_credentialed(lines: list[Line]) -> None:
    held = {(line["body"], line["status"], line["agency"]) for line in lines if line["kind"] == "agency_credential"}
    assert held == {
        (StoryBody.NORTHLIGHT, CredentialStatus.CERTIFIED, HARBORLIGHT.id),
        (StoryBody.NORTHLIGHT, CredentialStatus.IN_PROCESS, CINDER_COVE.id),
        (StoryBody.SALTMARSH, CredentialStatus.CERTIFIED, TALLOWMERE.id),
    }


def test_what_was_opened_to_an_auditor_was_opened_by_another_and_told_to_everyone_concerned(lines: list[Line]) -> None:
    running, waiting = [line for line in lines if line["kind"] == "break_glass_access"]
    assert (running["account"], running["approved_by"]) == (Account.AUDITOR, Account.SECOND_AUDITOR)
    assert running["from"] < NOW.isoformat() < running["to"]
    assert "approved_by" not in waiting
    told = [line for line in lines if line["kind"] == "notice" and line.get("event") == running["id"]]
    assert [line.get("agency") or line.get("officer") or line["state"] for line in told] == [
        HARBORLIGHT.id,
        MITCHELL.id,
        HARBORLIGHT.state,
    ]


def test_the_ids_are_the_same_at_every_telling() -> None:
    def ids(days: int) -> set[str]:
        return {str(line.get("id")) for line in tell_story(NOW + timedelta(days=days)) if line["kind"] != "notice"}

    story_ids = {*StoryOutcome, *StoryCheck, *(each.id for each in (*AGENCIES, *OFFICERS))}
    assert story_ids <= ids(0) & ids(1000)


def test_there_is_a_background_of_other_officers_and_agencies(lines: list[Line]) -> None:
    assert sum(line["kind"] == "agency" for line in lines) == len(AGENCIES) + 24
    assert sum(line["kind"] == "officer" for line in lines) == len(OFFICERS) + 300
    assert {line["location_state"] for line in lines if line["kind"] == "agency"} == {"NH", "OR", "WA"}


def test_an_officer_without_any_record_is_in_the_story(lines: list[Line]) -> None:
    assert not any(line["kind"] == "outcome" and line["officer"] == PRICE.id for line in lines)


@pytest.mark.skipif(not REAL_AGENCIES.exists(), reason="the reference list of real agencies is not on this machine")
def test_no_agency_of_the_story_is_a_real_one(lines: list[Line]) -> None:
    with REAL_AGENCIES.open(encoding="utf-8") as rows:
        real = list(csv.DictReader(rows))
    oris = {row["ori"] for row in real}
    names = {re.sub("[^a-z]", "", row["agency_name"].lower()) for row in real}
    for agency in (line for line in lines if line["kind"] == "agency"):
        assert not oris & set(agency["oris"])
        assert re.sub("[^a-z]", "", agency["name"].lower()) not in names


async def test_the_story_loads_at_any_moment(owner: asyncpg.Connection, settings: Settings) -> None:
    leap_day = NOW.replace(year=2028, month=2, day=29, hour=23, minute=59)
    counts = await load(owner, settings, write_story(leap_day))
    assert counts["outcome"] >= len(StoryOutcome)
    checks = await owner.fetchval(
        "SELECT count(*) FROM registry.candidate_checks k JOIN registry.consents s ON s.id = k.consent_id "
        "WHERE s.granted_at <= k.opened_at AND s.expires_at > $1 AND k.expires_at > $1 AND k.closed_at IS NULL",
        leap_day,
    )
    assert checks == 6
    for right in ("grants", "case_assignments", "monitor_subscriptions"):
        assert await owner.fetchval(f"SELECT bool_or(valid @> $1::timestamptz) FROM registry.{right}", leap_day), right
