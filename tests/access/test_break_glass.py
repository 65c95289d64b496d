"""Break-glass: two auditors, one outcome, some hours, and everyone concerned told; nothing else is told to anyone."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

import app.pipeline
from app.demo.cast import GULLWING, PETERSON, TORRES, WALKER, StoryOutcome
from app.domain.vocabulary import Role
from app.errors import ErrorCode, ProbityError
from app.identity.issuer import TokenOrder
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from tests.access.people import end_all, install, later, list_others, send
from tests.access.stage import Told, connect_superuser, copy_registry, name_database
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.plain_rows import encode_id

READ = "query($id: ID!) { node(id: $id) { ... on Outcome { id kind lifecycle basis officer { id familyName } } } }"
LISTED = "{ breakGlassAccesses(first: 50) { nodes { id account outcome { id } } } }"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A registry of this file's own with three auditors, and what it truly holds."""

    registry: RunningRegistry
    truth: asyncpg.Connection
    first: TokenOrder
    second: TokenOrder
    third: TokenOrder

    async def ask(self, outcome: str, who: TokenOrder | None = None, **given: Any) -> Any:
        """Ask to read an outcome, in a case of its own."""
        request = {
            "outcomeId": encode_id("Outcome", outcome),
            "caseNumber": f"OIG-{uuid4()}",
            "reason": "a complaint about how the report was made",
            "hours": 4,
        }
        return await send(self.registry, who or self.first, "requestBreakGlass", **{**request, **given})

    async def approve(self, access: str, who: TokenOrder | None = None, **given: Any) -> Any:
        """Approve a request."""
        return await send(
            self.registry,
            who or self.second,
            "approveBreakGlass",
            **{"accessId": access, "expectedVersion": 1, **given},
        )

    async def end(self, access: str, who: TokenOrder | None = None, **given: Any) -> Any:
        """End an access."""
        given = {"accessId": access, "expectedVersion": 2, **given}
        return await send(self.registry, who or self.first, "endBreakGlass", **given)

    async def read(self, outcome: str, who: TokenOrder | None = None, running: RunningRegistry | None = None) -> Any:
        """What an auditor sees of an outcome."""
        document = (running or self.registry).ask(who or self.first, READ, id=encode_id("Outcome", outcome))
        return (await document)["node"]

    async def open(self, outcome: str, **given: Any) -> str:
        """An access to an outcome that two persons opened: its id."""
        access: str = (await self.ask(outcome, **given))["access"]["id"]
        assert (await self.approve(access))["__typename"] == "BreakGlassApproved"
        return access

    async def list_told(self, access: str) -> list[tuple[str, str | None]]:
        """Who was told of an access: the kind of recipient and which."""
        rows = await self.truth.fetch(
            "SELECT agency_id, officer_id, state_code FROM registry.notices WHERE event_id = $1 "
            "AND cause = 'BREAK_GLASS_OPENED'",
            read_key(access),
        )
        return sorted((name, str(value)) for row in rows for name, value in row.items() if value is not None)


def read_key(global_id: str) -> UUID:
    """The uuid in a Relay id."""
    return UUID(base64.b64decode(global_id).decode().partition(":")[2])


@pytest_asyncio.fixture(scope="module")
async def house(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[House]:
    """The registry of this file."""
    async with copy_registry(cluster, settings, told) as registry:
        truth = await connect_superuser(cluster, name_database(registry))
        auditors = [await install(truth, f"auditor-{place}", Role.AUDITOR) for place in range(3)]
        yield House(registry=registry, truth=truth, first=auditors[0], second=auditors[1], third=auditors[2])
        await truth.close()


async def find_outcome(truth: asyncpg.Connection, condition: str) -> str:
    """An outcome of the database that meets a condition on its series."""
    found = await truth.fetchval(f"SELECT id FROM registry.outcome_series s WHERE {condition} ORDER BY id LIMIT 1")
    assert found is not None, condition
    return str(found)


async def test_two_auditors_open_one_outcome_to_the_one_who_asked_for_the_hours_he_asked_for(house: House) -> None:
    outcome = StoryOutcome.WALKER_TERMINATED.value
    assert await house.read(outcome) is None
    asked = await house.ask(outcome, hours=3)
    assert asked["__typename"] == "BreakGlassRequested"
    assert asked["access"]["account"] == house.first.account
    assert asked["access"]["approvedBy"] is asked["access"]["validFrom"] is None
    assert await house.read(outcome) is None
    done = (await house.approve(asked["access"]["id"]))["access"]
    assert done["approvedBy"] == house.second.account
    begins, ends = (datetime.fromisoformat(done[name]) for name in ("validFrom", "validTo"))
    assert ends - begins == timedelta(hours=3)
    seen = await house.read(outcome)
    assert (seen["kind"], seen["lifecycle"]) == ("TERMINATION", "CLEARED")
    assert seen["officer"]["familyName"] == WALKER.family
    # One outcome, not what else there is about the officer.
    assert await house.read(StoryOutcome.WALKER_DECERTIFICATION_IN_REVIEW.value) is None
    # The one who asked, and nobody else.
    for other in (house.second, house.third):
        assert await house.read(outcome, other) is None
    listed = (await house.registry.ask(house.first, LISTED))["breakGlassAccesses"]["nodes"]
    assert {"id": done["id"], "account": house.first.account, "outcome": {"id": seen["id"]}} in listed
    # The hours are over.
    just_before, after = (timedelta(hours=3) - timedelta(minutes=1), timedelta(hours=3))
    assert await house.read(outcome, running=later(house.registry, just_before)) is not None
    assert await house.read(outcome, running=later(house.registry, after)) is None


async def test_everyone_concerned_is_told_once_in_the_same_transaction(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = (await house.ask(StoryOutcome.TORRES_CORRECTED.value))["access"]["id"]
    assert await house.list_told(access) == []

    async def fail(*_args: Any, **_given: Any) -> Any:
        raise RuntimeError("no record")

    with monkeypatch.context() as broken:
        broken.setattr(app.pipeline, "append_in_transaction", fail)
        with pytest.raises(RuntimeError):
            await house.approve(access)
    assert await house.list_told(access) == []
    assert await house.read(StoryOutcome.TORRES_CORRECTED.value) is None
    answers = await asyncio.gather(*(house.approve(access, who) for who in (house.second, house.third) * 4))
    assert sorted(answer.get("code", "DONE") for answer in answers) == ["DONE"] + ["STALE"] * 7
    states = await house.truth.fetch(
        "SELECT DISTINCT state_code FROM registry.certifications WHERE officer_id = $1", UUID(TORRES.id)
    )
    assert states
    assert await house.list_told(access) == sorted(
        [
            ("agency_id", GULLWING.id),
            ("officer_id", TORRES.id),
            *(("state_code", row["state_code"]) for row in states),
        ]
    )
    officer = await install(house.truth, "torres-herself", Role.OFFICER, officer=TORRES.id)
    own = await house.registry.ask(officer, "{ me { notices(first: 50) { nodes { cause version } } } }")
    assert {"cause": "BREAK_GLASS_OPENED", "version": 2} in own["me"]["notices"]["nodes"]


async def test_a_second_request_for_the_same_case_needs_an_approval_of_its_own(house: House) -> None:
    outcome = StoryOutcome.COLEMAN_DISPUTED.value
    access = await house.open(outcome, caseNumber="OIG-7")
    assert await house.read(outcome) is not None
    await house.end(access)
    again = (await house.ask(outcome, caseNumber="OIG-7"))["access"]["id"]
    assert again != access
    assert await house.read(outcome) is None
    assert (await house.approve(access, expectedVersion=2))["code"] == "STALE"
    assert await house.read(outcome) is None
    assert (await house.approve(again))["__typename"] == "BreakGlassApproved"
    assert await house.read(outcome) is not None
    assert len(await house.list_told(access)) == len(await house.list_told(again)) > 2


async def test_what_cannot_be_opened_is_asked_for_and_refused_in_the_same_words_whatever_it_is(house: House) -> None:
    """Absent, draft, sealed, expunged, one's own and the approver's own: nobody learns which."""
    own = await install(house.truth, "auditor-peterson", Role.AUDITOR)
    await install(house.truth, own.account, Role.OFFICER, officer=PETERSON.id, ended=True)
    gone = await install(house.truth, "auditor-gone", Role.AUDITOR)
    targets = {
        "absent": str(uuid4()),
        "draft": await find_outcome(house.truth, "lifecycle = 'DRAFT'"),
        "sealed": StoryOutcome.SANDERS_SEALED.value,
        "expunged": await find_outcome(house.truth, "lifecycle = 'EXPUNGED'"),
        "his own": StoryOutcome.PETERSON_NO_FINDING.value,
        "the approver's own": StoryOutcome.PETERSON_NO_FINDING.value,
        "asked by one who left": StoryOutcome.COLEMAN_DISPUTED.value,
    }
    asked, refused = set(), set()
    for case, outcome in targets.items():
        asker = {"his own": own, "asked by one who left": gone}.get(case, house.first)
        taken = await house.ask(outcome, asker)
        if case == "asked by one who left":
            await end_all(house.truth, gone.account)
        access = taken["access"]["id"]
        asked.add(json.dumps({**taken, "access": {**taken["access"], "id": "", "account": "", "caseNumber": ""}}))
        refused.add(json.dumps(await house.approve(access, own if case == "the approver's own" else house.second)))
        stored = await house.truth.fetchrow(
            "SELECT approved_by, valid FROM registry.break_glass_accesses WHERE id = $1", read_key(access)
        )
        assert tuple(stored) == (None, None), case
        assert await house.list_told(access) == []
    assert len(asked) == 1
    assert len(refused) == 1
    assert json.loads(refused.pop())["code"] == "NOTHING_TO_OPEN"
    # Another may approve what is not about him: the refusal was about the person, not about the outcome.
    await house.open(StoryOutcome.PETERSON_NO_FINDING.value)


@pytest.mark.parametrize(
    "condition",
    [
        "lifecycle = 'PROCESS_REVIEW'",
        "lifecycle = 'NOTICE'",
        "lifecycle = 'VOIDED'",
        "lifecycle = 'EXPIRED'",
        f"id = '{StoryOutcome.REED_SUSPENDED.value}'",
    ],
)
async def test_what_the_matrix_shows_in_a_break_glass_can_be_opened(house: House, condition: str) -> None:
    outcome = await find_outcome(house.truth, f"{condition} AND NOT EXISTS (SELECT FROM registry.holds h "
                                 "WHERE h.series_id = s.id AND h.kind = 'SEAL_ORDER')")  # fmt: skip
    await house.open(outcome)
    seen = await house.read(outcome)
    assert seen["lifecycle"]
    assert seen["officer"]["familyName"]


async def test_nobody_approves_his_own_request(house: House) -> None:
    access = (await house.ask(StoryOutcome.WALKER_TERMINATED.value))["access"]["id"]
    assert (await house.approve(access, house.first))["code"] == "TWO_PERSONS"
    assert await house.list_told(access) == []


async def test_either_of_the_two_ends_it_at_once_and_nobody_else(house: House) -> None:
    outcome = StoryOutcome.PETERSON_NO_FINDING.value
    for who in (house.first, house.second):
        access = await house.open(outcome)
        assert await house.read(outcome) is not None
        assert (await house.end(access, house.third))["code"] == "NOT_ALLOWED"
        assert (await house.end(access, who, expectedVersion=1))["code"] == "STALE"
        ended = await house.end(access, who)
        assert ended["access"]["endedBy"] == who.account
        assert ended["access"]["validTo"] == ended["access"]["endedAt"]
        for other in await house.truth.fetch(
            "SELECT id FROM registry.break_glass_accesses WHERE series_id = $1 AND valid @> now() AND id <> $2",
            UUID(outcome),
            read_key(access),
        ):
            await house.end(encode_id("BreakGlassAccess", str(other["id"])))
        assert await house.read(outcome) is None
        assert (await house.end(access, who, expectedVersion=3))["code"] == "STALE"


async def test_a_request_that_was_taken_back_or_waited_too_long_is_not_approved(house: House) -> None:
    outcome = StoryOutcome.WALKER_TERMINATED.value
    access = (await house.ask(outcome))["access"]["id"]
    assert (await house.end(access, house.second, expectedVersion=1))["code"] == "NOT_ALLOWED"
    assert (await house.end(access, expectedVersion=1))["__typename"] == "BreakGlassEnded"
    assert (await house.approve(access, expectedVersion=2))["code"] == "STALE"
    waiting = (await house.ask(outcome))["access"]["id"]
    late = later(house.registry, timedelta(days=7, seconds=1))
    refused = await send(late, house.second, "approveBreakGlass", accessId=waiting, expectedVersion=1)
    assert refused["code"] == "LAPSED"


async def test_reading_stops_when_the_one_who_asked_is_an_auditor_no_longer(house: House) -> None:
    leaving = await install(house.truth, "auditor-leaving", Role.AUDITOR)
    outcome = StoryOutcome.TORRES_CORRECTED.value
    access = (await house.ask(outcome, leaving))["access"]["id"]
    assert (await house.approve(access))["__typename"] == "BreakGlassApproved"
    assert await house.read(outcome, leaving) is not None
    await end_all(house.truth, leaving.account)
    with pytest.raises(ProbityError) as refused:
        await house.read(outcome, leaving)
    assert refused.value.code is ErrorCode.FORBIDDEN


@pytest.mark.parametrize(
    "changes",
    [
        {"hours": 0},
        {"hours": 25},
        {"hours": -1},
        {"caseNumber": ""},
        {"caseNumber": " OIG-1"},
        {"caseNumber": "x" * 101},
        {"reason": ""},
        {"reason": " "},
        {"reason": "x" * 1001},
        {"outcomeId": "x"},
        {"outcomeId": encode_id("Officer", WALKER.id)},
        {"idempotencyKey": ""},
    ],
    ids=str,
)
async def test_what_is_no_request_is_refused_and_not_kept(house: House, changes: dict[str, Any]) -> None:
    counts = "SELECT (SELECT count(*) FROM registry.break_glass_accesses), (SELECT count(*) FROM registry.command_keys)"
    before = await house.truth.fetchrow(counts)
    assert (await house.ask(StoryOutcome.WALKER_TERMINATED.value, **changes))["code"] == "INVALID"
    assert await house.truth.fetchrow(counts) == before


async def test_what_is_not_there_is_neither_approved_nor_ended(house: House) -> None:
    for access in (encode_id("BreakGlassAccess", str(uuid4())), "x", encode_id("Outcome", str(uuid4()))):
        assert (await house.approve(access))["code"] == "NOT_FOUND"
        assert (await house.end(access))["code"] == "NOT_FOUND"


async def test_a_repetition_is_answered_and_one_key_asks_once(house: House) -> None:
    outcome = StoryOutcome.COLEMAN_DISPUTED.value
    given = {"caseNumber": "OIG-8", "idempotencyKey": "the-same"}
    answers = await asyncio.gather(*(house.ask(outcome, **given) for _ in range(8)))
    assert len({json.dumps(answer) for answer in answers}) == 1
    access = answers[0]["access"]["id"]
    assert (await house.ask(outcome, **given, hours=5))["code"] == "KEY_REUSED"
    first = await house.approve(access, idempotencyKey="approval")
    assert await house.approve(access, idempotencyKey="approval") == first
    assert (await house.end(access, house.second, idempotencyKey="approval"))["code"] == "KEY_REUSED"


async def test_each_step_is_recorded_with_who_and_what_came_of_it(house: House) -> None:
    access = (await house.ask(StoryOutcome.WALKER_TERMINATED.value))["access"]["id"]
    await house.approve(access, house.first)
    await house.approve(access)
    await house.end(access)
    rows = await house.truth.fetch(
        "SELECT operation, account, result FROM audit.records WHERE chain_id = $1 ORDER BY position DESC LIMIT 4",
        house.registry.pipeline.command_chain,
    )
    assert [tuple(row) for row in reversed(rows)] == [
        ("requestBreakGlass", house.first.account, "DONE"),
        ("approveBreakGlass", house.first.account, "TWO_PERSONS"),
        ("approveBreakGlass", house.second.account, "DONE"),
        ("endBreakGlass", house.first.account, "DONE"),
    ]


@pytest.mark.parametrize("person", list_others(Role.AUDITOR))
@pytest.mark.parametrize("command", ["requestBreakGlass", "approveBreakGlass", "endBreakGlass"])
async def test_no_one_but_auditors_has_these_commands(house: House, person: str, command: str) -> None:
    with pytest.raises(ProbityError) as refused:
        await send(house.registry, ASKERS[person], command, accessId="x", expectedVersion=1)
    assert refused.value.code is ErrorCode.DOCUMENT_INVALID
