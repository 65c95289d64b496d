"""Journeys of those who handle records over HTTP: each comes with a token, asks, and is told what is his and no more.

The requests go through the application that `probity serve` serves, bytes to bytes.
"""

from __future__ import annotations

from uuid import UUID

from app.demo.cast import BENNETT, PRICE, TORRES, WALKER, StoryCheck, StoryOutcome
from app.planning.parameters import encode_global_id
from tests.journeys.conftest import Browser, officer_id, outcome_id


async def test_the_public_reads_agencies_and_no_person(browser: Browser) -> None:
    told = await browser.ask(
        "public", '{ agency(ori: "WA9990100") { name oris jurisdiction { code parent { code } } } }'
    )
    assert told["agency"] == {
        "name": "Harborlight Police Department",
        "oris": ["WA9990100"],
        "jurisdiction": {"code": "53061", "parent": {"code": "WA"}},
    }
    for question in (
        "{ officers(first: 1) { totalCount } }",
        "{ outcomes(first: 1) { totalCount } }",
        "{ me { record { id } } }",
    ):
        assert await browser.be_refused("public", question) == (400, "DOCUMENT_INVALID")
    hidden = await browser.ask("public", "query q($id: ID!) { node(id: $id) { id } }", id=officer_id(WALKER))
    absent = await browser.ask("public", "query q($id: ID!) { node(id: $id) { id } }", id="T2ZmaWNlcjp4")
    assert hidden == absent == {"node": None}


async def test_an_investigator_follows_his_own_checks_and_finds_no_other_way_to_a_person(browser: Browser) -> None:
    question = (
        "query Checks { candidateChecks(first: 10) { nodes { id kind officer { id familyName "
        "outcomes(first: 5) { nodes { kind basis } } } } } }"
    )
    told = await browser.ask("investigator", question)
    by_id = {node["id"]: node["officer"] for node in told["candidateChecks"]["nodes"]}
    shown = {check: by_id[encode_global_id("CandidateCheck", UUID(check.value))] for check in StoryCheck}
    assert shown[StoryCheck.WALKER_FULL]["outcomes"]["nodes"] == [
        {"kind": "TERMINATION", "basis": ["PHYSICAL_ABUSE_EXCESSIVE_FORCE"]}
    ]
    assert shown[StoryCheck.TORRES_LIMITED] == {"id": officer_id(TORRES), "familyName": None, "outcomes": None}
    # Nothing to disclose, no finding under a limited check, and a closed check look alike.
    assert shown[StoryCheck.PRICE_FULL] is None
    assert shown[StoryCheck.PETERSON_LIMITED] is None
    assert shown[StoryCheck.REED_CLOSED] is None
    by_person = await browser.ask("investigator", "query q($id: ID!) { officer(id: $id) { id } }", id=officer_id(PRICE))
    assert by_person == {"officer": None}
    assert await browser.be_refused("investigator", "{ officers(first: 1) { totalCount } }") == (
        400,
        "DOCUMENT_INVALID",
    )
    separation = "query q($id: ID!) { officer(id: $id) { stints(first: 5) { nodes { separationReason } } } }"
    assert await browser.be_refused("investigator", separation, id=officer_id(WALKER)) == (400, "DOCUMENT_INVALID")


async def test_a_records_officer_sees_all_that_his_agency_reported_and_nothing_of_others(browser: Browser) -> None:
    question = "query Own { outcomes(first: 50) { nodes { id lifecycle agency { name } } } }"
    told = (await browser.ask("records", question))["outcomes"]["nodes"]
    assert {node["agency"]["name"] for node in told} == {"Harborlight Police Department"}
    seen = {node["id"]: node["lifecycle"] for node in told}
    assert seen[outcome_id(StoryOutcome.MITCHELL_IN_REVIEW)] == "PROCESS_REVIEW"
    assert seen[outcome_id(StoryOutcome.HUGHES_VOIDED)] == "VOIDED"
    assert outcome_id(StoryOutcome.BENNETT_NOTICE) not in seen
    one = "query One($id: ID!) { outcome(id: $id) { id } }"
    assert await browser.ask("records", one, id=outcome_id(StoryOutcome.BENNETT_NOTICE)) == {"outcome": None}


async def test_a_state_body_sees_a_summary_before_clearance_and_the_whole_after(browser: Browser) -> None:
    question = "query One($id: ID!) { outcome(id: $id) { kind basis } }"
    before = await browser.ask("post", question, id=outcome_id(StoryOutcome.BENNETT_NOTICE))
    assert before["outcome"]["kind"] is not None
    assert before["outcome"]["basis"] is None
    after = await browser.ask("post", question, id=outcome_id(StoryOutcome.WALKER_TERMINATED))
    assert after["outcome"]["basis"] == ["PHYSICAL_ABUSE_EXCESSIVE_FORCE"]
    sealed = await browser.ask("post", question, id=outcome_id(StoryOutcome.SANDERS_SEALED))
    assert sealed == {"outcome": None}


async def test_the_officer_sees_his_open_case_and_who_was_told(browser: Browser) -> None:
    await browser.ask("investigator", "query Look($id: ID!) { officer(id: $id) { familyName } }", id=officer_id(WALKER))
    told = await browser.ask(
        "officer",
        "query Mine { me { record { familyName } outcomes(first: 10) { nodes { kind lifecycle } } "
        "disclosuresOfMe(first: 10) { nodes { operation role agency { name } } } } }",
    )
    assert told["me"]["record"] == {"familyName": "Walker"}
    assert {"kind": "DECERTIFICATION", "lifecycle": "PROCESS_REVIEW"} in told["me"]["outcomes"]["nodes"]
    assert {
        "operation": "Look",
        "role": "hiring_investigator",
        "agency": {"name": "Tallowmere County Sheriff's Office"},
    } in told["me"]["disclosuresOfMe"]["nodes"]
    other = await browser.ask("officer", "query q($id: ID!) { node(id: $id) { id } }", id=officer_id(BENNETT))
    assert other == {"node": None}


async def test_a_token_that_is_none_is_refused_with_a_challenge(browser: Browser) -> None:
    response = await browser.client.post(
        "/graphql", json={"query": "{ viewer { role } }"}, headers={"authorization": "Bearer not-a-token"}
    )
    assert response.status_code == 401
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert "not-a-token" not in response.text
