"""A command is done once and recorded with what it did, however often and by how many it is sent."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest

import app.pipeline
from app.demo.cast import HARBORLIGHT
from app.errors import ErrorCode, ProbityError
from app.identity.presented import PresentedToken
from app.pipeline import GraphQLRequest
from tests.access.role_commands import (
    GRANT,
    NEWCOMER,
    OTHER_HEAD,
    count_grants,
    end,
    give,
    install_other_head,
    write_grant,
)
from tests.journeys.conftest import RunningRegistry


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
