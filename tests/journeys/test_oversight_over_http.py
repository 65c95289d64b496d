"""Journeys of those who watch, count, credential and keep the registry over HTTP, and what all are told of one story.

Most of them are told nothing of any person; what each is told of every outcome is in expected_outcomes.toml.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.demo.cast import (
    CINDER_COVE,
    DIXON,
    FOSTER,
    HARBORLIGHT,
    MITCHELL,
    TALLOWMERE,
    WALKER,
    Account,
    StoryBody,
    StoryOutcome,
)
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import TokenOrder
from app.schema.contracts import Contract
from tests.journeys.conftest import PEOPLE, Browser, RunningRegistry, officer_id, outcome_id
from tests.journeys.test_operations import EVERYONE

EXPECTED = tomllib.loads(Path(__file__).with_name("expected_outcomes.toml").read_text("utf-8"))
OUTCOMES = [StoryOutcome[name] for name in EXPECTED["outcomes"]]
REFUSED = (400, "DOCUMENT_INVALID")


def find_contract(registry: RunningRegistry, person: str) -> Contract:
    """The contract that a person of the story is served."""
    who = EVERYONE[person]
    order = PEOPLE[who] if isinstance(who, str) else who
    role, purpose = (order.role, order.purpose) if order else (Role.PUBLIC, Purpose.PUBLIC)
    return registry.pipeline.policy.find_contract(role, purpose)


def weigh(told: dict[str, Any] | None) -> str:
    """How much of an outcome an answer tells: nothing, its existence, its summary, the full report."""
    if told is None:
        return "-"
    if told.get("basis") is not None:
        return "F"
    return "S" if told.get("kind") is not None else "E"


def test_the_table_speaks_of_everyone_and_of_every_outcome_of_the_story() -> None:
    assert set(EXPECTED["levels"]) == set(EVERYONE)
    assert sorted(OUTCOMES) == sorted(StoryOutcome)
    roles = {order.role for order in (PEOPLE.get(name) for name in EVERYONE) if order}
    assert roles | {Role.PUBLIC} == set(Role)


@pytest.mark.parametrize("person", EXPECTED["levels"])
async def test_everyone_is_told_of_every_outcome_what_is_his_to_know(
    browser: Browser, registry: RunningRegistry, person: str
) -> None:
    type_ = find_contract(registry, person).schema.type_map.get("Outcome")
    fields = [name for name in ("id", "kind", "basis") if type_ is not None and name in type_.fields]  # type: ignore[attr-defined]
    asked = f"... on Outcome {{ {' '.join(fields)} }}" if fields else "id"
    ids = [outcome_id(outcome) for outcome in OUTCOMES]
    told = await browser.ask(EVERYONE[person], f"query All($ids: [ID!]!) {{ nodes(ids: $ids) {{ {asked} }} }}", ids=ids)
    assert [weigh(node) for node in told["nodes"]] == EXPECTED["levels"][person].split()


async def test_a_representative_reads_the_officers_record_and_not_his_correspondence(browser: Browser) -> None:
    own = "{ me { record { familyName } outcomes(first: 5) { totalCount } notices(first: 5) { totalCount } } }"
    assert await browser.ask("representative", own) == await browser.ask("officer", own)
    for private in ("consents", "disclosuresOfMe", "mandates"):
        question = f"{{ me {{ {private}(first: 5) {{ totalCount }} }} }}"
        assert (await browser.ask("officer", question))["me"][private]["totalCount"] >= 0
        assert await browser.be_refused("representative", question) == REFUSED


async def test_the_officer_sees_whom_he_gave_a_mandate(browser: Browser) -> None:
    told = await browser.ask("officer", "{ me { mandates(first: 5) { nodes { id account revokedAt } } } }")
    (mandate,) = told["me"]["mandates"]["nodes"]
    assert (mandate["account"], mandate["revokedAt"]) == (Account.REPRESENTATIVE, None)
    again = "query q($id: ID!) { node(id: $id) { ... on Mandate { account } } }"
    assert (await browser.ask("officer", again, id=mandate["id"]))["node"] == {"account": Account.REPRESENTATIVE}
    # The roles that others hold, his own among them, are no mandates.
    foster = TokenOrder(
        account=Account.INVESTIGATOR_WITH_RECORD.value,
        role=Role.OFFICER,
        purpose=Purpose.SELF,
        officer_id=UUID(FOSTER.id),
    )
    assert (await browser.ask(foster, "{ me { mandates(first: 5) { totalCount } } }"))["me"]["mandates"] == {
        "totalCount": 0
    }
    assert (await browser.ask(foster, again, id=mandate["id"]))["node"] is None


async def test_an_investigator_reads_his_own_record_as_an_officer_and_never_as_an_investigator(
    browser: Browser,
) -> None:
    question = "query q($id: ID!) { officer(id: $id) { familyName outcomes(first: 5) { totalCount } } }"
    asked = {"id": officer_id(FOSTER)}
    told = await browser.ask("investigator", question, **asked)
    assert told["officer"] == {"familyName": "Foster", "outcomes": {"totalCount": 1}}
    assert await browser.ask("investigator_with_record", question, **asked) == {"officer": None}
    walker = await browser.ask("investigator_with_record", question, id=officer_id(WALKER))
    assert walker["officer"]["familyName"] == "Walker"


async def test_what_a_states_law_withholds_is_as_absent_as_what_is_not_there(browser: Browser) -> None:
    question = "query q($id: ID!) { node(id: $id) { id } }"
    hidden = await browser.ask("investigator", question, id=officer_id(DIXON))
    absent = await browser.ask("investigator", question, id=officer_id(DIXON)[:-4] + "OTk=")
    assert hidden == absent == {"node": None}


async def test_rows_of_analysis_lead_nowhere(browser: Browser) -> None:
    question = (
        "query Rows($after: String) { analystRows(first: 4, after: $after, orderBy: { field: KIND }) { totalCount "
        "pageInfo { endCursor hasNextPage } "
        "edges { cursor node { id kind year stateCode daysFromActionToClearance } } } }"
    )
    edges: list[Any] = []
    page: dict[str, Any] = {"pageInfo": {"endCursor": None, "hasNextPage": True}}
    while page["pageInfo"]["hasNextPage"]:
        page = (await browser.ask("analyst", question, after=page["pageInfo"]["endCursor"]))["analystRows"]
        edges += page["edges"]
    assert len(edges) == page["totalCount"] == len({edge["node"]["id"] for edge in edges}) > 5
    assert {edge["node"]["stateCode"] for edge in edges} >= {"NH", "WA"}
    assert all(edge["node"]["daysFromActionToClearance"] > 0 for edge in edges)
    seen = "{ outcomes(first: 100) { edges { cursor node { id } } } }"
    others = (await browser.ask("records", seen))["outcomes"]["edges"]
    assert not {edge["cursor"] for edge in edges} & {edge["cursor"] for edge in others}
    one = "query q($id: ID!) { node(id: $id) { ... on AnalystRow { kind } } }"
    assert (await browser.ask("analyst", one, id=edges[0]["node"]["id"]))["node"] == {"kind": edges[0]["node"]["kind"]}
    for field in ("agency { name }", "officer { id }", "actionDate", "createdAt"):
        assert await browser.be_refused("analyst", f"{{ analystRows(first: 1) {{ nodes {{ {field} }} }} }}") == REFUSED


async def test_an_auditor_learns_that_somebody_was_told_and_not_what(browser: Browser) -> None:
    await browser.ask("records", "query Own { outcomes(first: 2) { nodes { kind } } }")
    question = (
        "query q($operation: String) { disclosures(first: 5, filter: { operation: { eq: $operation } }) "
        "{ nodes { account role purpose kind result itemCount agency { name } policySha256 } } }"
    )
    (record,) = (await browser.ask("auditor", question, operation="Own"))["disclosures"]["nodes"]
    assert len(record.pop("policySha256")) == 64
    assert record == {
        "account": Account.RECORDS,
        "role": "records_officer",
        "purpose": "records",
        "kind": "DISCLOSURE",
        "result": "DISCLOSED",
        "itemCount": 2,
        "agency": {"name": HARBORLIGHT.name},
    }
    for field in ("items { version }", "officer { id }", "inputCommitment", "documentSha256"):
        assert await browser.be_refused("auditor", f"{{ disclosures(first: 1) {{ nodes {{ {field} }} }} }}") == REFUSED
    for root in ("outcomes", "officers"):
        assert await browser.be_refused("auditor", f"{{ {root}(first: 1) {{ totalCount }} }}") == REFUSED


async def test_a_time_without_its_zone_is_refused(browser: Browser) -> None:
    question = "query q($at: DateTime) { disclosures(first: 1, filter: { at: { from: $at } }) { totalCount } }"
    assert await browser.be_refused("auditor", question, at="2026-01-01T00:00:00") == (400, "VARIABLES_INVALID")
    assert (await browser.ask("auditor", question, at="2020-01-01T00:00:00-05:00"))["disclosures"]["totalCount"] > 0


async def test_an_opened_case_is_read_by_the_auditor_it_was_opened_to(browser: Browser) -> None:
    question = (
        "{ breakGlassAccesses(first: 5) { nodes { account approvedBy awaitsApproval outcome { kind basis "
        "officer { familyName } } } } }"
    )
    first = (await browser.ask("auditor", question))["breakGlassAccesses"]["nodes"]
    second = (await browser.ask("second_auditor", question))["breakGlassAccesses"]["nodes"]
    assert [node.pop("outcome") for node in second] == [None, None]
    waiting, running = first
    assert (waiting.pop("outcome"), waiting["awaitsApproval"]) == (None, True)
    assert running.pop("outcome") == {
        "kind": "EXCESSIVE_FORCE_FINDING",
        "basis": ["PHYSICAL_ABUSE_EXCESSIVE_FORCE"],
        "officer": {"familyName": MITCHELL.family},
    }
    assert first == second


async def test_everyone_concerned_was_told_that_a_case_was_opened(browser: Browser) -> None:
    question = '{ notices(first: 5, filter: { cause: { eq: "BREAK_GLASS_OPENED" } }) { nodes { outcome { id } } } }'
    told = await browser.ask("records", question)
    assert told["notices"]["nodes"] == [{"outcome": {"id": outcome_id(StoryOutcome.MITCHELL_IN_REVIEW)}}]
    assert (await browser.ask("investigator", question))["notices"]["nodes"] == []


async def test_a_notice_tells_no_more_of_its_outcome_than_the_outcome_itself(browser: Browser) -> None:
    question = "{ notices(first: 5) { nodes { cause version outcome { id } } } relianceTasks(first: 5) { nodes { "
    question += "requiredAction isDone notice { cause } } } }"
    told = await browser.ask("investigator", question)
    # One was checked to a limited scope, the other's check is closed: what the notices speak of is hidden.
    assert told["notices"]["nodes"] == [
        {"cause": "UNAVAILABLE", "version": 1, "outcome": None},
        {"cause": "CORRECTED", "version": 2, "outcome": None},
    ]
    assert sorted((task["requiredAction"], task["isDone"]) for task in told["relianceTasks"]["nodes"]) == [
        ("ACKNOWLEDGE", True),
        ("RE_DECIDE", False),
    ]
    assert await browser.be_refused("investigator", "{ monitors(first: 1) { totalCount } }") == REFUSED


async def test_a_credentialing_body_sees_its_applicant_and_its_own_agency_and_no_others_duties(
    browser: Browser,
) -> None:
    question = "{ viewer { body { name } } compliance(first: 20) { nodes { name agency { id } } } }"
    told = await browser.ask("body", question)
    assert told["viewer"]["body"] == {"name": StoryBody.NORTHLIGHT.full_name}
    assert [node["name"] for node in told["compliance"]["nodes"]] == [CINDER_COVE.name, HARBORLIGHT.name]
    tests = "{ credentials(first: 20) { nodes { agency { name } status policySha256 tests { result } } } }"
    shown = {node["agency"]["name"]: node for node in (await browser.ask("body", tests))["credentials"]["nodes"]}
    assert shown[HARBORLIGHT.name]["tests"] == [{"result": "PASSED"}, {"result": "PASSED"}]
    assert shown[TALLOWMERE.name]["status"] == "CERTIFIED"
    assert shown[TALLOWMERE.name]["tests"] is shown[TALLOWMERE.name]["policySha256"] is None
    everything = (await browser.ask("certifier", tests))["credentials"]["nodes"]
    assert all(node["tests"] and node["policySha256"] for node in everything)


async def test_how_an_agencys_credential_stands_is_public_and_what_was_tested_is_not(browser: Browser) -> None:
    question = '{ agency(ori: "WA9990100") { credentials(first: 5) { nodes { id status basis body { name states } '
    question += "validFrom validTo } } } }"
    public = await browser.ask("public", question)
    assert public == await browser.ask("analyst", question)
    (credential,) = public["agency"]["credentials"]["nodes"]
    assert (credential["status"], credential["basis"]) == ("CERTIFIED", "BODY_REVIEW")
    assert credential["body"] == {"name": StoryBody.NORTHLIGHT.full_name, "states": ["OR", "WA"]}
    again = "query q($id: ID!) { node(id: $id) { ... on Credential { status } } }"
    assert (await browser.ask("public", again, id=credential["id"]))["node"] == {"status": "CERTIFIED"}
    hidden = '{ agency(ori: "WA9990100") { credentials(first: 5) { nodes { policySha256 } } } }'
    assert await browser.be_refused("public", hidden) == REFUSED


async def test_the_latest_decision_on_eligibility_is_told_to_those_it_concerns(browser: Browser) -> None:
    question = "query q($ori: ORI!) { grantEligibility(ori: $ori) { result proof agency { name } } }"
    told = (await browser.ask("grants", question, ori=HARBORLIGHT.ori))["grantEligibility"]
    assert (told["result"], told["agency"]) == ("ELIGIBLE", {"name": HARBORLIGHT.name})
    assert [each["met"] for each in told["proof"]["all"]] == [True, True]
    assert (await browser.ask("grants", question, ori=CINDER_COVE.ori))["grantEligibility"]["result"] == "NOT_ELIGIBLE"
    assert (await browser.ask("records", question, ori=HARBORLIGHT.ori))["grantEligibility"] == told
    assert await browser.ask("records", question, ori=CINDER_COVE.ori) == {"grantEligibility": None}
    assert await browser.ask("grants", question, ori=TALLOWMERE.ori) == {"grantEligibility": None}


async def test_agencies_are_found_by_how_far_they_have_reported(browser: Browser) -> None:
    question = (
        "query q($filter: AgencyComplianceFilter) { compliance(first: 20, filter: $filter, "
        "orderBy: { field: REPORTED_THROUGH, direction: DESC }) { nodes { name reportedThrough } } }"
    )
    reported = {"reportedThrough": {"from": "2000-01-01"}}
    told = (await browser.ask("grants", question, filter=reported))["compliance"]["nodes"]
    assert {node["name"] for node in told} == {HARBORLIGHT.name, TALLOWMERE.name}
    one = {"agencyOris": {"has": CINDER_COVE.ori}}
    assert (await browser.ask("grants", question, filter=one))["compliance"]["nodes"] == [
        {"name": CINDER_COVE.name, "reportedThrough": None}
    ]


async def test_a_registrar_finds_grants_by_account_role_and_agency(browser: Browser) -> None:
    question = (
        "query q($filter: RoleGrantFilter) { roleGrants(first: 50, filter: $filter) "
        "{ nodes { account role stateCode agency { name } body { name } } } }"
    )

    async def find(**given: Any) -> list[Any]:
        return list((await browser.ask("registrar", question, filter=given))["roleGrants"]["nodes"])

    assert len(await find()) == 18
    assert [node["role"] for node in await find(account={"eq": Account.BODY})] == ["credentialing_body"]
    assert {node["account"] for node in await find(role={"eq": "auditor"})} == {Account.AUDITOR, Account.SECOND_AUDITOR}
    assert {node["account"] for node in await find(agencyOris={"has": HARBORLIGHT.ori})} == {
        Account.RECORDS,
        Account.HEAD,
    }
    (body,) = await find(role={"in": ["credentialing_body"]})
    assert body["body"] == {"name": StoryBody.NORTHLIGHT.full_name}
    assert {node["stateCode"] for node in await find(role={"eq": "post_officer"})} == {"OR", "WA"}
    hidden = "{ roleGrants(first: 1) { nodes { officerId } } }"
    assert await browser.be_refused("registrar", hidden) == REFUSED


async def test_a_registrar_sees_that_there_is_a_record_and_no_word_of_it(browser: Browser) -> None:
    question = '{ officers(first: 5, filter: { familyName: { eq: "Walker" } }) { nodes { givenName '
    question += "identifiers { value } outcomes(first: 5) { totalCount nodes { id } } } } }"
    shown = {node["givenName"]: node for node in (await browser.ask("registrar", question))["officers"]["nodes"]}
    assert shown[WALKER.given]["outcomes"]["totalCount"] == len(shown[WALKER.given]["outcomes"]["nodes"]) == 2
    assert shown[WALKER.given]["identifiers"] == [{"value": WALKER.certification_number}]
    for field in ("kind", "actionDate", "lifecycle", "basis"):
        assert await browser.be_refused("registrar", f"{{ outcomes(first: 1) {{ nodes {{ {field} }} }} }}") == REFUSED


async def test_an_adjudicator_reads_the_case_assigned_to_him_and_its_officer(browser: Browser) -> None:
    question = (
        "{ outcomes(first: 5) { totalCount nodes { kind dispute officer { familyName } matter { kind } } } "
        "officers(first: 5) { totalCount } }"
    )
    told = await browser.ask("adjudicator", question)
    assert told["officers"] == {"totalCount": 1}
    assert told["outcomes"]["totalCount"] == 1
    assert told["outcomes"]["nodes"][0]["dispute"] == "DISPUTED"
    assert told["outcomes"]["nodes"][0]["matter"] is not None
