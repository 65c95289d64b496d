"""People whom a test gives roles to, whatever the story tells, and commands as they send them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from app.demo.cast import CastAgency
from app.domain.vocabulary import Purpose, Role
from app.identity.issuer import TokenOrder
from app.storage.logins import Login
from tests.access.second_wall import sign_context
from tests.journeys.conftest import RunningRegistry
from tests.properties.askers import ASKERS

PURPOSES = {
    Role.OFFICER: Purpose.SELF,
    Role.OFFICER_REP: Purpose.SELF,
    Role.HIRING_INVESTIGATOR: Purpose.HIRING,
    Role.RECORDS_OFFICER: Purpose.RECORDS,
    Role.AGENCY_HEAD: Purpose.RECORDS,
    Role.POST_OFFICER: Purpose.CERTIFICATION,
    Role.DOJ_ANALYST: Purpose.STATISTICS,
    Role.DOJ_GRANTS: Purpose.GRANTS,
    Role.DOJ_ADJUDICATOR: Purpose.ADJUDICATION,
    Role.DOJ_CERTIFIER: Purpose.CREDENTIALING,
    Role.CREDENTIALING_BODY: Purpose.CREDENTIALING,
    Role.REGISTRAR: Purpose.REGISTRY,
    Role.AUDITOR: Purpose.OVERSIGHT,
}
# command -> (type of its success, the object shown there, what is asked of it)
SHOWN = {
    "grantRole": ("RoleGranted", "grant { id account role validFrom validTo grantedBy revokedAt }"),
    "revokeRole": ("RoleRevoked", "grant { id account validTo revokedBy revokedAt }"),
    "giveMandate": ("MandateGiven", "mandate { id account validFrom validTo revokedAt }"),
    "endMandate": ("MandateEnded", "mandate { id account validTo revokedAt }"),
    "requestBreakGlass": (
        "BreakGlassRequested",
        "access { id account caseNumber reason approvedBy validFrom }",
    ),
    "approveBreakGlass": ("BreakGlassApproved", "access { id account approvedBy approvedAt validFrom validTo }"),
    "endBreakGlass": ("BreakGlassEnded", "access { id endedBy endedAt validTo }"),
}
VIEWER = "{ viewer { role } }"


def list_others(*roles: Role) -> list[str]:
    """The names of those in the cast who sign in, but in none of these roles."""
    return [name for name, asked in ASKERS.items() if asked is not None and asked.role not in roles]


def order(
    account: str, role: Role, *, agency: CastAgency | None = None, state: str | None = None, officer: str | None = None
) -> TokenOrder:
    """A token order for a role in its first purpose."""
    return TokenOrder(
        account=account,
        role=role,
        purpose=PURPOSES[role],
        agency_ori=agency.ori if agency else None,
        state_code=state,
        officer_id=UUID(officer) if officer else None,
    )


async def install(
    truth: asyncpg.Connection,
    account: str,
    role: Role,
    *,
    agency: CastAgency | None = None,
    state: str | None = None,
    officer: str | None = None,
    body: UUID | None = None,
    ended: bool = False,
) -> TokenOrder:
    """Give an account a role, as somebody did long ago, and a token order for it; `ended` an hour ago if so."""
    await truth.execute(
        "INSERT INTO registry.grants (id, account, role, agency_id, state_code, officer_id, body_id, valid, granted_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, tstzrange(now() - interval '1 day', "
        "CASE WHEN $8 THEN now() - interval '1 hour' END), 'long-ago')",
        uuid4(),
        account,
        role.value,
        UUID(agency.id) if agency else None,
        state,
        UUID(officer) if officer else None,
        body,
        ended,
    )
    return order(account, role, agency=agency, state=state, officer=officer)


async def end_all(truth: asyncpg.Connection, account: str) -> None:
    """End every grant of an account, as somebody did a second ago."""
    await truth.execute(
        "UPDATE registry.grants SET valid = tstzrange(lower(valid), now() - interval '1 second'), "
        "revoked_by = 'somebody', revoked_at = now() WHERE account = $1",
        account,
    )


async def send(running: RunningRegistry, who: str | TokenOrder | None, command: str, /, **given: Any) -> Any:
    """Send a command under a key of its own, unless one is given: what it did, or its refusal."""
    success, shown = SHOWN[command]
    name = command[0].upper() + command[1:]
    document = (
        f"mutation($input: {name}Input!) {{ {command}(input: $input) {{ __typename ... on {success} {{ {shown} }} "
        "... on CommandRefused { code message } } }"
    )
    return (await running.ask(who, document, input={"idempotencyKey": f"key-{uuid4()}", **given}))[command]


def later(running: RunningRegistry, by: timedelta) -> RunningRegistry:
    """The same path with the registry's clock moved on."""
    clock = running.pipeline.clock
    return replace(running, pipeline=replace(running.pipeline, clock=lambda: clock() + by))


@asynccontextmanager
async def smuggle(running: RunningRegistry, who: TokenOrder) -> AsyncIterator[Any]:
    """The connection of a command's transaction under somebody's context, for statements that no command would send."""
    context = await sign_context(running, who, login=Login.COMMAND)
    async with running.pipeline.pools.open_write(context) as session:
        yield session.connection
