"""Granting and ending roles: by the head of the agency, for others, within it, and at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.demo.cast import CINDER_COVE, HARBORLIGHT, TALLOWMERE, WALKER, Account
from app.domain.vocabulary import Role
from app.errors import ErrorCode, ProbityError
from tests.access.people import install, list_others, smuggle
from tests.access.role_commands import (
    GRANT,
    NEWCOMER,
    OTHER_HEAD,
    QUESTION,
    REVOKE,
    count_grants,
    end,
    give,
    install_other_head,
    write_grant,
)
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.plain_rows import encode_id


async def test_the_head_grants_a_role_and_it_holds_on_the_next_request(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    with pytest.raises(ProbityError) as before:
        await registry.ask(NEWCOMER, QUESTION)
    assert before.value.code is ErrorCode.FORBIDDEN
    done = await give(registry)
    assert done["__typename"] == "RoleGranted"
    grant = done["grant"]
    assert (grant["account"], grant["role"], grant["grantedBy"]) == (NEWCOMER.account, "records_officer", "demo-head")
    assert grant["agency"] == {"name": HARBORLIGHT.name}
    assert grant["validTo"] is grant["revokedAt"] is None
    assert (await registry.ask(NEWCOMER, QUESTION))["outcomes"]["nodes"]
    stored = await own_truth.fetchrow("SELECT * FROM registry.grants WHERE account = $1", NEWCOMER.account)
    assert stored is not None
    assert encode_id("RoleGrant", str(stored["id"])) == grant["id"]
    assert str(stored["agency_id"]) == HARBORLIGHT.id


async def test_a_role_that_was_ended_is_refused_on_the_very_next_request_though_it_was_remembered(
    registry: RunningRegistry,
) -> None:
    grant = (await give(registry))["grant"]["id"]
    for _ in range(3):
        await registry.ask(NEWCOMER, QUESTION)
    ended = await end(registry, grant)
    assert ended["__typename"] == "RoleRevoked"
    assert ended["grant"]["revokedBy"] == "demo-head"
    assert ended["grant"]["validTo"] == ended["grant"]["revokedAt"]
    for document in (QUESTION, "{ viewer { role } }", '{ node(id: "x") { id } }'):
        with pytest.raises(ProbityError) as refused:
            await registry.ask(NEWCOMER, document)
        assert refused.value.code is ErrorCode.FORBIDDEN


async def test_a_role_granted_again_holds_at_once(registry: RunningRegistry, own_truth: asyncpg.Connection) -> None:
    first = (await give(registry))["grant"]["id"]
    await registry.ask(NEWCOMER, QUESTION)
    await end(registry, first)
    with pytest.raises(ProbityError):
        await registry.ask(NEWCOMER, QUESTION)
    again = await give(registry, key="key-3")
    assert again["__typename"] == "RoleGranted"
    assert again["grant"]["id"] != first
    assert (await registry.ask(NEWCOMER, QUESTION))["outcomes"]["nodes"]
    assert await count_grants(own_truth) == 2


async def test_a_role_ended_and_granted_again_between_two_requests_is_found_anew(registry: RunningRegistry) -> None:
    first = (await give(registry))["grant"]["id"]
    await registry.ask(NEWCOMER, QUESTION)
    await end(registry, first)
    await give(registry, key="key-3")
    # The remembered grant no longer holds, another does: the answer comes.
    assert (await registry.ask(NEWCOMER, QUESTION))["outcomes"]["nodes"]


@pytest.mark.parametrize("person", ["public", *list_others(Role.AGENCY_HEAD, Role.REGISTRAR)])
@pytest.mark.parametrize("document", [GRANT, REVOKE], ids=["grant", "end"])
async def test_no_one_else_has_the_commands_in_his_contract(
    person: str, document: str, shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    given = write_grant() if document is GRANT else {"grantId": "x", "expectedVersion": 1, "idempotencyKey": "k"}
    with pytest.raises(ProbityError) as refused:
        await shared.ask(ASKERS[person], document, input=given)
    # The public may not command at all, which is a limit met before any contract.
    assert refused.value.code is (ErrorCode.LIMIT_EXCEEDED if person == "public" else ErrorCode.DOCUMENT_INVALID)
    assert await count_grants(truth) == 0


async def test_the_head_of_another_agency_cannot_end_a_role_and_learns_nothing(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    await install_other_head(own_truth)
    grant = (await give(registry))["grant"]["id"]
    answers = [
        await end(registry, given, OTHER_HEAD, idempotencyKey=f"k{place}")
        for place, given in enumerate(
            (
                grant,
                encode_id("RoleGrant", str(uuid4())),
                "x",
                "",
                encode_id("Agency", HARBORLIGHT.id),
                grant.lower(),
                "é",
            )
        )
    ]
    assert answers[0]["code"] == "NOT_FOUND"
    assert all(answer == answers[0] for answer in answers)
    assert (await registry.ask(NEWCOMER, QUESTION))["outcomes"]["nodes"]
    # His own agency's grants are another matter.
    assert (await give(registry, OTHER_HEAD))["grant"]["agency"] == {"name": CINDER_COVE.name}


@pytest.mark.parametrize("walls", ["with row security", "by the command alone"])
async def test_the_head_cannot_end_what_belongs_to_another_agency_or_to_no_one(
    walls: str, registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    if walls == "by the command alone":
        await own_truth.execute("ALTER TABLE registry.grants DISABLE ROW LEVEL SECURITY")
    foreign = await own_truth.fetchval("SELECT id FROM registry.grants WHERE account = $1", Account.INVESTIGATOR.value)
    answers = [
        await end(registry, given, idempotencyKey=f"k{place}")
        for place, given in enumerate(
            (encode_id("RoleGrant", str(foreign)), encode_id("RoleGrant", str(uuid4())), "nothing")
        )
    ]
    assert [answer["code"] for answer in answers] == ["NOT_FOUND"] * 3
    assert len({json.dumps(answer) for answer in answers}) == 1
    assert await own_truth.fetchval("SELECT revoked_at FROM registry.grants WHERE id = $1", foreign) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account": Account.HEAD.value}, "NOT_TO_ONESELF"),
        ({"role": "agency_head"}, "NOT_ALLOWED"),
        ({"role": "post_officer"}, "NOT_ALLOWED"),
        ({"role": "registrar"}, "NOT_ALLOWED"),
        ({"role": "public"}, "NOT_ALLOWED"),
        ({"role": "officer"}, "NOT_ALLOWED"),
        ({"role": "auditor"}, "NOT_ALLOWED"),
        ({"role": "officer_rep"}, "NOT_ALLOWED"),
        ({"agencyOri": HARBORLIGHT.ori}, "WRONG_SCOPE"),
        ({"agencyOri": CINDER_COVE.ori}, "WRONG_SCOPE"),
        ({"stateCode": "WA"}, "WRONG_SCOPE"),
        ({"officerId": encode_id("Officer", WALKER.id)}, "WRONG_SCOPE"),
        ({"bodyId": "anything"}, "WRONG_SCOPE"),
        ({"account": Account.RECORDS.value}, "ALREADY_HELD"),
        ({"account": ""}, "INVALID"),
        ({"account": " x"}, "INVALID"),
        ({"account": "x" * 201}, "INVALID"),
        ({"idempotencyKey": ""}, "INVALID"),
        ({"idempotencyKey": "x" * 201}, "INVALID"),
        ({"validTo": "2001-01-01T00:00:00Z"}, "INVALID"),
        ({"validFrom": "2030-01-01T00:00:00Z", "validTo": "2029-01-01T00:00:00Z"}, "INVALID"),
        ({"validTo": "2030-01-01T00:00:00"}, "INVALID"),
    ],
)
async def test_what_may_not_be_granted_is_refused_in_words_and_changes_nothing(
    changes: dict[str, Any], code: str, shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    counts = "SELECT (SELECT count(*) FROM registry.grants) + (SELECT count(*) FROM registry.command_keys)"
    before = await truth.fetchval(counts)
    refused = await give(shared, **changes)
    assert (refused["__typename"], refused["code"]) == ("CommandRefused", code)
    assert await truth.fetchval(counts) == before
    values = [str(value) for value in changes.values() if len(str(value)) > 5]
    assert not any(value in refused["message"] for value in values)
    record = await truth.fetchrow("SELECT * FROM audit.records WHERE kind = 'COMMAND' ORDER BY at DESC LIMIT 1")
    assert record is not None
    assert (record["operation"], record["result"]) == ("grantRole", code)


@pytest.mark.parametrize(
    "changes",
    [
        {"validFrom": "0001-01-01T00:00:00+14:00"},
        {"validTo": "9999-12-31T23:59:59-12:00"},
        {"validFrom": "0001-01-01T00:00:00Z", "validTo": "9999-12-31T23:59:59Z"},
    ],
)
async def test_times_at_the_end_of_the_calendar_are_no_fault(
    changes: dict[str, Any], registry: RunningRegistry
) -> None:
    try:
        answer = await give(registry, **changes)
    except ProbityError as refused:
        assert refused.code is ErrorCode.VARIABLES_INVALID
    else:
        assert answer["__typename"] == "RoleGranted" or answer["code"] == "INVALID"


async def test_a_role_that_begins_later_holds_from_then_and_can_be_ended_before(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    later = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    grant = (await give(registry, validFrom=later.isoformat()))["grant"]
    assert datetime.fromisoformat(grant["validFrom"]) == later
    with pytest.raises(ProbityError) as refused:
        await registry.ask(NEWCOMER, QUESTION)
    assert refused.value.code is ErrorCode.FORBIDDEN
    ended = await end(registry, grant["id"])
    assert ended["__typename"] == "RoleRevoked"
    stored = "SELECT valid @> $2::timestamptz FROM registry.grants WHERE account = $1"
    for moment in (later, later + timedelta(days=1)):
        assert await own_truth.fetchval(stored, NEWCOMER.account, moment) is False
    assert (await give(registry, key="key-3"))["__typename"] == "RoleGranted"


async def test_a_stale_version_is_refused(registry: RunningRegistry) -> None:
    grant = (await give(registry))["grant"]["id"]
    assert (await end(registry, grant, expectedVersion=2))["code"] == "STALE"
    assert (await end(registry, grant, expectedVersion=0, idempotencyKey="k0"))["code"] == "STALE"
    assert (await end(registry, grant, idempotencyKey="k1"))["__typename"] == "RoleRevoked"
    assert (await end(registry, grant, idempotencyKey="k2"))["code"] == "STALE"
    assert (await end(registry, grant, expectedVersion=2, idempotencyKey="k3"))["code"] == "STALE"


async def test_the_head_does_not_end_a_role_of_his_own(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    own = await own_truth.fetchval("SELECT id FROM registry.grants WHERE account = $1", Account.HEAD.value)
    assert (await end(registry, encode_id("RoleGrant", str(own))))["code"] == "NOT_TO_ONESELF"


async def test_the_head_ends_the_roles_he_may_give_and_no_other(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    await install(own_truth, "deputy-head", Role.AGENCY_HEAD, agency=HARBORLIGHT)
    deputy = await own_truth.fetchval("SELECT id FROM registry.grants WHERE account = 'deputy-head'")
    assert (await end(registry, encode_id("RoleGrant", str(deputy))))["code"] == "NOT_ALLOWED"


async def test_a_command_by_an_account_whose_role_was_ended_is_forbidden(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    await give(registry)
    await own_truth.execute(
        "UPDATE registry.grants SET valid = tstzrange(lower(valid), now() - interval '1 second'), revoked_by = 'test', "
        "revoked_at = now() WHERE account = 'demo-head'"
    )
    with pytest.raises(ProbityError) as refused:
        await give(registry, key="key-9", account="another-newcomer")
    assert refused.value.code is ErrorCode.FORBIDDEN
    assert await count_grants(own_truth, "another-newcomer") == 0


async def test_what_comes_back_is_read_through_the_callers_own_mask(
    registry: RunningRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the read policy to hide a grant, the command would still be done, and nothing of it be told."""
    planner = type(registry.pipeline.policy.planner)
    planned: list[Any] = []
    plan_selection: Callable[..., Any] = planner.plan_selection

    def note(self: Any, selected: Any, grant: Any, **given: Any) -> Any:
        planned.append((selected[0].name, grant.action.value, grant.role.value))
        return plan_selection(self, selected, grant, **given)

    monkeypatch.setattr(planner, "plan_selection", note)
    done = await give(registry)
    assert planned == [("node", "read", "agency_head")]
    shown = await registry.ask(
        "head", "query($id: ID!) { node(id: $id) { ... on RoleGrant { account role } } }", id=done["grant"]["id"]
    )
    assert shown["node"] == {"account": NEWCOMER.account, "role": "records_officer"}


async def test_selections_of_a_command_are_answered_as_asked(registry: RunningRegistry) -> None:
    document = (
        "mutation M($input: GrantRoleInput!) { did: grantRole(input: $input) { ... on "
        "RoleGranted { t: __typename one: grant { r: role ...G } "
        "two: grant { __typename agency { name } } } ... on CommandRefused { t: __typename no: "
        "code } } } fragment G on RoleGrant { account role }"
    )
    done = await registry.ask("head", document, input=write_grant())
    assert json.dumps(done) == json.dumps(
        {
            "did": {
                "t": "RoleGranted",
                "one": {"r": "records_officer", "account": NEWCOMER.account, "role": "records_officer"},
                "two": {"__typename": "RoleGrant", "agency": {"name": HARBORLIGHT.name}},
            }
        }
    )
    refused = await registry.ask("head", document, input=write_grant("key-2"))
    assert refused == {"did": {"t": "CommandRefused", "no": "ALREADY_HELD"}}


INSERT = (
    "INSERT INTO registry.grants (id, account, role, agency_id, state_code, valid, granted_by) "
    "VALUES (gen_random_uuid(), $1, $2, $3, $4, tstzrange(now(), NULL), $5)"
)
SMUGGLED = {
    "account": "smuggled",
    "role": "records_officer",
    "agency": HARBORLIGHT.id,
    "state": None,
    "by": "demo-head",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"agency": TALLOWMERE.id},
        {"agency": None},
        {"role": "agency_head"},
        {"role": "registrar"},
        {"role": "auditor"},
        {"state": "WA"},
        {"by": "demo-registrar"},
        {"account": "demo-head", "by": "somebody"},
    ],
    ids=str,
)
async def test_the_database_alone_keeps_a_heads_grant_within_his_agency_and_in_his_name(
    changes: dict[str, Any], shared: RunningRegistry, truth: asyncpg.Connection
) -> None:
    """Statements smuggled into a command's transaction meet row security."""
    head = ASKERS["head"]
    assert head is not None
    given = {**SMUGGLED, **changes}
    with pytest.raises((ProbityError, asyncpg.CheckViolationError)) as refused:
        async with smuggle(shared, head) as connection:
            await connection.execute(INSERT, *given.values())
    assert not isinstance(refused.value, ProbityError) or refused.value.code is ErrorCode.FORBIDDEN
    assert await count_grants(truth, "smuggled") == 0


async def test_the_command_login_alone_cannot_reach_beyond_its_context(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    head = ASKERS["head"]
    assert head is not None
    async with smuggle(registry, head) as connection:
        # As it should be, so that what is refused in the other test is refused for what differs.
        await connection.execute(INSERT, *SMUGGLED.values())
        seen = await connection.fetch("SELECT DISTINCT agency_id FROM registry.grants")
        assert [str(row["agency_id"]) for row in seen] == [HARBORLIGHT.id]
        ended = await connection.execute(
            "UPDATE registry.grants SET revoked_by = 'x' WHERE agency_id = $1", TALLOWMERE.id
        )
        assert ended == "UPDATE 0"
    assert await count_grants(own_truth, "smuggled") == 1
    changes = [f"{column} = {column}" for column in ("account", "role", "agency_id", "granted_by")]
    signed = "valid = tstzrange(lower(valid), now()), revoked_at = now(), revoked_by ="
    for change in [*changes, f"{signed} 'somebody-else'"]:
        with pytest.raises(ProbityError) as refused:
            async with smuggle(registry, head) as connection:
                await connection.execute(f"UPDATE registry.grants SET {change} WHERE account = 'smuggled'")
        assert refused.value.code is ErrorCode.FORBIDDEN
    own = f"UPDATE registry.grants SET {signed} 'demo-head' WHERE account = $1"
    with pytest.raises(ProbityError):
        async with smuggle(registry, head) as connection:
            await connection.execute(own, "demo-head")
    async with smuggle(registry, head) as connection:
        assert await connection.execute(own, "smuggled") == "UPDATE 1"
