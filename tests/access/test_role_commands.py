"""Granting and ending roles: by the head of the agency, for others, once, on the record, and at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import app.pipeline
from app.demo.cast import CINDER_COVE, HARBORLIGHT, TALLOWMERE, Account
from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode, ProbityError
from app.identity.issuer import TokenOrder
from app.identity.presented import PresentedToken
from app.pipeline import GraphQLRequest
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS
from tests.properties.plain_rows import encode_id

GRANT = (
    "mutation Give($input: GrantRoleInput!) { grantRole(input: $input) { __typename ... on "
    "RoleGranted { grant { id account "
    "role validFrom validTo grantedBy revokedAt agency { name } } } ... on CommandRefused { code message } } }"
)
REVOKE = (
    "mutation End($input: RevokeRoleInput!) { revokeRole(input: $input) { __typename ... on "
    "RoleRevoked { grant { id account "
    "validTo revokedBy revokedAt } } ... on CommandRefused { code message } } }"
)
NEWCOMER = TokenOrder(
    account="demo-newcomer", role=Role.RECORDS_OFFICER, purpose=Purpose.RECORDS, agency_ori=HARBORLIGHT.ori
)
OTHER_HEAD = TokenOrder(
    account="demo-head-cove", role=Role.AGENCY_HEAD, purpose=Purpose.RECORDS, agency_ori=CINDER_COVE.ori
)
QUESTION = "{ outcomes(first: 1) { nodes { id } } }"


def write_grant(key: str = "key-1", **changes: Any) -> dict[str, Any]:
    """The input of a grant."""
    return {"account": NEWCOMER.account, "role": "records_officer", "idempotencyKey": key, **changes}


async def give(registry: RunningRegistry, who: str | TokenOrder = "head", /, **changes: Any) -> Any:
    """Grant a role."""
    return (await registry.ask(who, GRANT, input=write_grant(**changes)))["grantRole"]


async def end(registry: RunningRegistry, grant: str, who: str | TokenOrder = "head", /, **changes: Any) -> Any:
    """End a role."""
    given = {"grantId": grant, "expectedVersion": 1, "idempotencyKey": "key-2", **changes}
    return (await registry.ask(who, REVOKE, input=given))["revokeRole"]


async def count_grants(truth: asyncpg.Connection, account: str = NEWCOMER.account) -> int:
    """How many grants an account has or had."""
    return int(await truth.fetchval("SELECT count(*) FROM registry.grants WHERE account = $1", account))


async def install_other_head(truth: asyncpg.Connection) -> None:
    """Make a head of another agency, as a registrar would."""
    await truth.execute(
        "INSERT INTO registry.grants (id, account, role, agency_id, valid, granted_by) "
        "VALUES ($1, $2, 'agency_head', $3, tstzrange(now() - interval '1 day', NULL), 'demo-registrar')",
        uuid4(),
        OTHER_HEAD.account,
        CINDER_COVE.id,
    )


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


@pytest.mark.parametrize("person", [person for person in ASKERS if person != "head"])
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


async def test_the_head_cannot_end_what_belongs_to_another_agency_or_to_no_one(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    foreign = await own_truth.fetchval("SELECT id FROM registry.grants WHERE account = $1", Account.INVESTIGATOR.value)
    answers = [
        await end(registry, given, idempotencyKey=f"k{place}")
        for place, given in enumerate(
            (encode_id("RoleGrant", str(foreign)), encode_id("RoleGrant", str(uuid4())), "nothing")
        )
    ]
    assert [answer["code"] for answer in answers] == ["NOT_FOUND"] * 3
    assert len({json.dumps(answer) for answer in answers}) == 1


async def test_a_repetition_under_one_key_is_answered_with_what_the_first_did(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    first = await give(registry)
    assert await give(registry) == first
    assert await count_grants(own_truth) == 1
    grant = first["grant"]["id"]
    ended = await end(registry, grant)
    assert await end(registry, grant) == ended
    # The first command's key still stands for it; what it is told is how the grant stands now.
    assert (await give(registry))["grant"]["id"] == grant
    assert await count_grants(own_truth) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"account": "someone-else"},
        {"role": "hiring_investigator"},
        {"validTo": "2030-01-01T00:00:00Z"},
        {"validFrom": "2029-01-01T00:00:00Z"},
    ],
)
async def test_a_key_used_for_another_input_is_refused(
    changes: dict[str, Any], registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    await give(registry)
    refused = await give(registry, **changes)
    assert refused["code"] == "KEY_REUSED"
    assert await count_grants(own_truth) == 1


async def test_a_key_used_for_another_command_is_refused_and_two_accounts_may_use_one_key(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    await install_other_head(own_truth)
    grant = (await give(registry))["grant"]["id"]
    assert (await end(registry, grant, idempotencyKey="key-1"))["code"] == "KEY_REUSED"
    assert (await give(registry, OTHER_HEAD))["__typename"] == "RoleGranted"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"account": Account.HEAD.value}, "NOT_TO_ONESELF"),
        ({"role": "agency_head"}, "NOT_ALLOWED"),
        ({"role": "post_officer"}, "NOT_ALLOWED"),
        ({"role": "registrar"}, "NOT_ALLOWED"),
        ({"role": "public"}, "NOT_ALLOWED"),
        ({"role": "officer"}, "NOT_ALLOWED"),
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


async def test_twenty_identical_grants_at_once_make_one(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    answers = await asyncio.gather(*(give(registry) for _ in range(20)))
    assert len({json.dumps(answer) for answer in answers}) == 1
    assert answers[0]["__typename"] == "RoleGranted"
    assert await count_grants(own_truth) == 1
    assert await own_truth.fetchval("SELECT count(*) FROM registry.command_keys") == 1
    assert await own_truth.fetchval("SELECT count(*) FROM audit.records WHERE kind = 'COMMAND'") == 20


async def test_twenty_grants_at_once_under_twenty_keys_make_one(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    answers = await asyncio.gather(*(give(registry, key=f"key-{place}") for place in range(20)))
    assert sorted(answer.get("code", "DONE") for answer in answers) == ["ALREADY_HELD"] * 19 + ["DONE"]
    assert await count_grants(own_truth) == 1


async def test_one_role_ended_by_many_at_once_is_ended_once(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    grant = (await give(registry))["grant"]["id"]
    answers = await asyncio.gather(*(end(registry, grant, idempotencyKey=f"end-{place}") for place in range(8)))
    assert sorted(answer.get("code", "DONE") for answer in answers) == ["DONE"] + ["STALE"] * 7
    assert await own_truth.fetchval("SELECT revoked_by FROM registry.grants WHERE account = $1", NEWCOMER.account)


async def test_a_command_and_its_record_are_kept_together_or_not_at_all(
    registry: RunningRegistry, own_truth: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = "SELECT count(*) FROM audit.records WHERE kind = 'COMMAND'"
    before = await own_truth.fetchval(commands)
    kept = app.pipeline.append_in_transaction

    async def fail_before(*_args: Any, **_given: Any) -> Any:
        raise RuntimeError("no record")

    async def fail_after(*args: Any, **given: Any) -> Any:
        await kept(*args, **given)
        raise RuntimeError("the connection broke")

    for fail in (fail_before, fail_after):
        monkeypatch.setattr(app.pipeline, "append_in_transaction", fail)
        with pytest.raises(RuntimeError):
            await give(registry)
        assert await count_grants(own_truth) == 0
        assert await own_truth.fetchval(commands) == before
        assert await own_truth.fetchval("SELECT count(*) FROM registry.command_keys") == 0
    monkeypatch.setattr(app.pipeline, "append_in_transaction", kept)
    assert (await give(registry))["__typename"] == "RoleGranted"
    assert await own_truth.fetchval(commands) == before + 1


async def test_a_command_is_recorded_with_who_what_and_result(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    await give(registry)
    record = await own_truth.fetchrow("SELECT * FROM audit.records WHERE kind = 'COMMAND' ORDER BY at DESC LIMIT 1")
    assert record is not None
    assert (record["operation"], record["result"], record["account"]) == ("grantRole", "DONE", "demo-head")
    assert (record["role"], str(record["agency_id"])) == ("agency_head", HARBORLIGHT.id)
    kept = json.dumps({name: str(value) for name, value in record.items()})
    assert NEWCOMER.account not in kept


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


async def test_commands_are_one_a_request_and_never_by_get(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    two = (
        "mutation($i: GrantRoleInput!) { a: grantRole(input: $i) { __typename } b: "
        "grantRole(input: $i) { __typename } }"
    )
    with pytest.raises(ProbityError) as refused:
        await registry.ask("head", two, i=write_grant())
    assert refused.value.code is ErrorCode.LIMIT_EXCEEDED
    token = registry.issue("head")
    assert token is not None
    request = GraphQLRequest(document=GRANT, operation_name=None, variables={"input": write_grant()}, may_command=False)
    with pytest.raises(ProbityError) as refused:
        await registry.pipeline.answer(request, PresentedToken(compact=token))
    assert refused.value.code is ErrorCode.METHOD_NOT_ALLOWED
    assert await count_grants(own_truth) == 0


async def test_inputs_written_in_the_document_are_those_given_as_variables(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    written = (
        'mutation { grantRole(input: {account: "demo-newcomer", role: records_officer, idempotencyKey: "key-1"}) '
        "{ ... on RoleGranted { grant { id } } ... on CommandRefused { code } } }"
    )
    first = (await registry.ask("head", written))["grantRole"]
    assert (await give(registry))["grant"]["id"] == first["grant"]["id"]
    assert await count_grants(own_truth) == 1


async def test_the_command_login_alone_cannot_reach_beyond_its_context(
    registry: RunningRegistry, own_truth: asyncpg.Connection
) -> None:
    """Statements smuggled into a command's transaction meet row security: no other agency's grant, no other role's."""
    done = await give(registry)
    assert done["__typename"] == "RoleGranted"
    pipeline = registry.pipeline
    order = ASKERS["head"]
    assert order is not None
    claims = pipeline.verifier.verify(registry.issuer.issue_token(order), proof=None)
    principal = await pipeline._look_up(claims, pipeline.clock())
    insert = (
        "INSERT INTO registry.grants (id, account, role, agency_id, valid, granted_by) "
        "VALUES ($1, 'smuggled', $3, $2, tstzrange(now(), NULL), 'demo-head')"
    )
    context = pipeline._sign(principal, app.pipeline.Login.COMMAND, pipeline.clock())
    async with pipeline.pools.open_write(context) as session:
        seen = await session.connection.fetch("SELECT DISTINCT agency_id FROM registry.grants")
        assert [str(row["agency_id"]) for row in seen] == [HARBORLIGHT.id]
        ended = await session.connection.execute(
            "UPDATE registry.grants SET revoked_by = 'x' WHERE agency_id = $1", TALLOWMERE.id
        )
        assert ended == "UPDATE 0"
    for agency, role in ((TALLOWMERE.id, "records_officer"), (CINDER_COVE.id, "agency_head")):
        with pytest.raises(ProbityError) as refused:
            async with pipeline.pools.open_write(context) as session:
                await session.connection.execute(insert, uuid4(), agency, role)
        assert refused.value.code is ErrorCode.FORBIDDEN
    for column in ("account", "role", "agency_id"):
        with pytest.raises(ProbityError) as refused:
            async with pipeline.pools.open_write(context) as session:
                await session.connection.execute(f"UPDATE registry.grants SET {column} = {column}")
        assert refused.value.code is ErrorCode.FORBIDDEN
    assert await count_grants(own_truth, "smuggled") == 0
