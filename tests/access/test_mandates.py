"""Mandates: an officer lets another account read his record, until a date, and takes it back at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from app.demo.cast import BENNETT, MITCHELL, TORRES, WALKER
from app.domain.delegation import find_last_mandate_day
from app.domain.vocabulary import Role
from app.errors import ErrorCode, ProbityError
from app.identity.issuer import TokenOrder
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from tests.access.people import VIEWER, end_all, install, later, list_others, order, send, smuggle
from tests.access.stage import Told, connect_superuser, copy_registry, name_database
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.plain_rows import encode_id

OWN_PAGE = "{ me { record { id familyName } outcomes(first: 9) { totalCount } } }"
MANDATES = "{ me { mandates(first: 50) { nodes { id account validFrom validTo revokedAt } } } }"
SOON = (datetime.now(UTC) + timedelta(days=30)).isoformat()

INSERT = (
    "INSERT INTO registry.grants (id, account, role, officer_id, valid, granted_by) "
    "VALUES (gen_random_uuid(), $1, $2, $3, tstzrange(now(), now() + $4::interval), $5)"
)
MANDATE = {"role": "officer_rep", "officer": WALKER.id, "by": "walker-himself", "lasts": timedelta(days=30)}


def list_values(row: dict[str, Any]) -> tuple[Any, ...]:
    """The values of an insert."""
    return (row["account"], row["role"], UUID(row["officer"]), row["lasts"], row["by"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """A registry of this file's own with two officers, and what it truly holds."""

    registry: RunningRegistry
    truth: asyncpg.Connection
    officer: TokenOrder
    other: TokenOrder

    async def give(self, account: str, who: TokenOrder | None = None, /, **given: Any) -> Any:
        """Give a mandate for a month."""
        return await send(
            self.registry, who or self.officer, "giveMandate", **{"account": account, "validTo": SOON, **given}
        )

    async def end(self, mandate: str, who: TokenOrder | None = None, **given: Any) -> Any:
        """End a mandate."""
        given = {"mandateId": mandate, "expectedVersion": 1, **given}
        return await send(self.registry, who or self.officer, "endMandate", **given)


@pytest_asyncio.fixture(scope="module")
async def practice(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[Practice]:
    """The registry of this file."""
    async with copy_registry(cluster, settings, told) as registry:
        truth = await connect_superuser(cluster, name_database(registry))
        officer = await install(truth, "walker-himself", Role.OFFICER, officer=WALKER.id)
        other = await install(truth, "torres-herself", Role.OFFICER, officer=TORRES.id)
        yield Practice(registry=registry, truth=truth, officer=officer, other=other)
        await truth.close()


async def test_a_representative_reads_for_the_officer_from_the_mandate_on_until_it_is_ended(practice: Practice) -> None:
    counsel = order("counsel", Role.OFFICER_REP, officer=WALKER.id)
    with pytest.raises(ProbityError) as before:
        await practice.registry.ask(counsel, OWN_PAGE)
    assert before.value.code is ErrorCode.FORBIDDEN
    given = await practice.give("counsel")
    assert given["__typename"] == "MandateGiven"
    assert await practice.registry.ask(counsel, OWN_PAGE) == await practice.registry.ask(practice.officer, OWN_PAGE)
    assert given["mandate"] in (await practice.registry.ask(practice.officer, MANDATES))["me"]["mandates"]["nodes"]
    # It is for this officer, and for no other.
    with pytest.raises(ProbityError):
        await practice.registry.ask(order("counsel", Role.OFFICER_REP, officer=TORRES.id), OWN_PAGE)
    ended = (await practice.end(given["mandate"]["id"]))["mandate"]
    assert ended["validTo"] == ended["revokedAt"]
    for document in (OWN_PAGE, VIEWER):
        with pytest.raises(ProbityError) as after:
            await practice.registry.ask(counsel, document)
        assert after.value.code is ErrorCode.FORBIDDEN


async def test_a_mandate_is_over_on_its_day(practice: Practice) -> None:
    await practice.give("counsel-for-a-month")
    counsel = order("counsel-for-a-month", Role.OFFICER_REP, officer=WALKER.id)
    assert await practice.registry.ask(counsel, VIEWER)
    with pytest.raises(ProbityError):
        await later(practice.registry, timedelta(days=30)).ask(counsel, VIEWER)


@pytest.mark.parametrize("command", ["giveMandate", "endMandate"])
@pytest.mark.parametrize("person", list_others(Role.OFFICER))
async def test_only_officers_have_these_commands(practice: Practice, person: str, command: str) -> None:
    with pytest.raises(ProbityError) as refused:
        await send(practice.registry, ASKERS[person], command, account="x", validTo=SOON)
    assert refused.value.code is ErrorCode.DOCUMENT_INVALID


@pytest.mark.parametrize("command", ["giveMandate", "endMandate", "grantRole"])
async def test_a_representative_gives_nothing_on(practice: Practice, command: str) -> None:
    await practice.give(f"counsel-{command}")
    counsel = order(f"counsel-{command}", Role.OFFICER_REP, officer=WALKER.id)
    assert await practice.registry.ask(counsel, OWN_PAGE)
    with pytest.raises(ProbityError) as refused:
        await send(practice.registry, counsel, command, account="x", validTo=SOON)
    assert refused.value.code is ErrorCode.DOCUMENT_INVALID
    with pytest.raises(ProbityError) as refused:
        async with smuggle(practice.registry, counsel) as connection:
            await connection.execute(
                INSERT, *list_values({**MANDATE, "account": "passed-on", "by": f"counsel-{command}"})
            )
    assert refused.value.code is ErrorCode.FORBIDDEN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account": "walker-himself"}, "NOT_TO_ONESELF"),
        ({"validTo": (datetime.now(UTC) + timedelta(days=732)).isoformat()}, "TOO_LONG"),
        ({"validTo": "9999-12-31T23:59:59Z"}, "TOO_LONG"),
        ({"validTo": "2001-01-01T00:00:00Z"}, "INVALID"),
        ({"validTo": SOON[:19]}, "INVALID"),
        ({"validFrom": (datetime.now(UTC) + timedelta(days=31)).isoformat()}, "INVALID"),
        ({"account": ""}, "INVALID"),
        ({"account": " x"}, "INVALID"),
        ({"account": "x" * 201}, "INVALID"),
        ({"idempotencyKey": "x" * 201}, "INVALID"),
    ],
    ids=[
        "to himself",
        "two years and a day",
        "for ever",
        "ended long ago",
        "an end in no time zone",
        "a beginning a month ahead",
        "no account",
        "an account with a space",
        "a long account",
        "a long key",
    ],
)
async def test_what_is_no_mandate_is_refused_and_changes_nothing(
    practice: Practice, changes: dict[str, Any], code: str
) -> None:
    counts = "SELECT (SELECT count(*) FROM registry.grants), (SELECT count(*) FROM registry.command_keys)"
    before = await practice.truth.fetchrow(counts)
    assert (await practice.give("someone", **changes))["code"] == code
    assert await practice.truth.fetchrow(counts) == before


async def test_a_mandate_without_an_end_does_not_fit_the_contract(practice: Practice) -> None:
    with pytest.raises(ProbityError) as refused:
        await practice.give("someone", validTo=None)
    assert refused.value.code is ErrorCode.VARIABLES_INVALID


def test_a_mandate_lasts_two_years_at_most_to_the_day() -> None:
    assert find_last_mandate_day(datetime(2026, 11, 24, 9, tzinfo=UTC)) == datetime(2028, 11, 24, 9, tzinfo=UTC)
    assert find_last_mandate_day(datetime(2028, 2, 29, tzinfo=UTC)) == datetime(2030, 2, 28, tzinfo=UTC)


async def test_nobody_ends_a_mandate_of_another_officer_or_learns_of_it(practice: Practice) -> None:
    mandate = (await practice.give("counsel-of-walker"))["mandate"]["id"]
    foreign = await practice.truth.fetchval(
        "SELECT id FROM registry.grants WHERE role <> 'officer_rep' AND account <> $1 LIMIT 1", practice.other.account
    )
    answers = [
        await practice.end(given, practice.other)
        for given in (mandate, encode_id("Mandate", str(foreign)), encode_id("Mandate", str(uuid4())), "x")
    ]
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert answers[0]["code"] == "NOT_FOUND"
    shown = await practice.registry.ask(practice.other, MANDATES)
    assert shown == {"me": {"mandates": {"nodes": []}}}
    assert (await practice.end(mandate, expectedVersion=2))["code"] == "STALE"
    assert (await practice.end(mandate))["__typename"] == "MandateEnded"
    assert (await practice.end(mandate, expectedVersion=2))["code"] == "STALE"


async def test_many_that_give_one_mandate_at_once_give_it_once(practice: Practice) -> None:
    answers = await asyncio.gather(*(practice.give("counsel-of-many") for _ in range(8)))
    assert sorted(answer.get("code", "DONE") for answer in answers) == ["ALREADY_HELD"] * 7 + ["DONE"]
    same = await asyncio.gather(*(practice.give("counsel-again", idempotencyKey="one") for _ in range(8)))
    assert len({json.dumps(answer) for answer in same}) == 1
    assert (await practice.give("counsel-else", idempotencyKey="one"))["code"] == "KEY_REUSED"


async def test_a_mandate_is_over_with_the_claim_of_the_one_who_gave_it(practice: Practice) -> None:
    """Or a wrong claim, once found out, would live on in the mandates it gave."""
    claimant = await install(practice.truth, "not-bennett", Role.OFFICER, officer=BENNETT.id)
    accomplice = order("accomplice", Role.OFFICER_REP, officer=BENNETT.id)
    assert (await practice.give(accomplice.account, claimant))["__typename"] == "MandateGiven"
    other = await install(practice.truth, "bennett-herself", Role.OFFICER, officer=BENNETT.id)
    counsel = order("counsel-of-bennett", Role.OFFICER_REP, officer=BENNETT.id)
    await practice.give(counsel.account, other)
    # By the operator, who is nobody's own account.
    appointed = await install(practice.truth, "appointed", Role.OFFICER_REP, officer=BENNETT.id)
    for representative in (accomplice, counsel, appointed):
        assert await practice.registry.ask(representative, OWN_PAGE)
    await end_all(practice.truth, claimant.account)
    with pytest.raises(ProbityError) as refused:
        await practice.registry.ask(accomplice, OWN_PAGE)
    assert refused.value.code is ErrorCode.FORBIDDEN
    for representative in (counsel, appointed):
        assert await practice.registry.ask(representative, OWN_PAGE)


async def test_an_officer_whose_own_claim_was_ended_gives_no_mandate(practice: Practice) -> None:
    leaving = await install(practice.truth, "mitchell-herself", Role.OFFICER, officer=MITCHELL.id)
    assert await practice.registry.ask(leaving, VIEWER)
    await end_all(practice.truth, leaving.account)
    with pytest.raises(ProbityError) as refused:
        await practice.give("someone", leaving)
    assert refused.value.code is ErrorCode.FORBIDDEN


@pytest.mark.parametrize(
    "changes",
    [
        {"officer": TORRES.id},
        {"role": "officer"},
        {"role": "auditor"},
        {"account": "walker-himself", "by": "somebody"},
        {"by": "torres-herself"},
        {"lasts": timedelta(days=732)},
        {"lasts": None},
    ],
    ids=str,
)
async def test_the_database_alone_keeps_a_mandate_to_the_officers_own(
    practice: Practice, changes: dict[str, Any]
) -> None:
    """A statement that no command would send meets row security."""
    given = {"account": f"smuggled-{uuid4()}", **MANDATE}
    async with smuggle(practice.registry, practice.officer) as connection:
        await connection.execute(INSERT, *list_values(given))
    with pytest.raises(ProbityError) as refused:
        async with smuggle(practice.registry, practice.officer) as connection:
            await connection.execute(INSERT, *list_values({**given, "account": f"smuggled-{uuid4()}", **changes}))
    assert refused.value.code is ErrorCode.FORBIDDEN


async def test_the_database_alone_lets_a_mandate_hold_for_a_person_and_nowhere_else(practice: Practice) -> None:
    given = {"account": f"smuggled-{uuid4()}", **MANDATE}
    beside = INSERT.replace("(id,", "(state_code, id,").replace("VALUES (", "VALUES ('WA', ")
    assert beside.count("'WA'") == beside.count("state_code") == 1
    with pytest.raises(ProbityError) as refused:
        async with smuggle(practice.registry, practice.officer) as connection:
            await connection.execute(beside, *list_values(given))
    assert refused.value.code is ErrorCode.FORBIDDEN


async def test_the_database_alone_shows_and_changes_the_officers_own_mandates(practice: Practice) -> None:
    await practice.give("counsel-seen")
    async with smuggle(practice.registry, practice.officer) as connection:
        seen = await connection.fetch("SELECT DISTINCT role, officer_id FROM registry.grants")
        assert [tuple(row) for row in seen] == [("officer_rep", UUID(WALKER.id))]
    async with smuggle(practice.registry, practice.other) as connection:
        assert await connection.execute("UPDATE registry.grants SET revoked_by = 'torres-herself'") == "UPDATE 0"
