"""Granting and ending roles through the path, as tests put it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg

from app.demo.cast import CINDER_COVE, HARBORLIGHT
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import TokenOrder
from tests.journeys.conftest import RunningRegistry

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
