"""Statements without the plans' own conditions, run as a login under any context: what row security alone lets through.

Only tests do this; the compiler's conditions are taken out of a compiler made for the purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import true

from app.identity.issuer import TokenOrder
from app.planning.plan import Plan
from app.planning.planner import Planner
from app.planning.predicates import PredicateCompiler
from app.schema.bindings import build_catalogue
from app.storage.context import ContextClaims
from app.storage.logins import LOGIN_OF_ROLE
from app.storage.pools import ReadAnswer
from tests.journeys.conftest import RunningRegistry


@contextmanager
def without_conditions() -> Iterator[None]:
    """Every predicate compiles to `true`: neither rows nor fields are kept back by a plan made here."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PredicateCompiler, "compile", lambda *_args, **_kwargs: true())
        yield


def plan_bare(running: RunningRegistry, order: TokenOrder, document: str, variables: dict[str, Any]) -> Plan:
    """The plan of a document for an asker, without any condition."""
    policy = running.pipeline.policy
    planner = Planner(build_catalogue(), policy.point.bundle.record_states)
    with without_conditions():
        prepared = planner.prepare(
            document,
            None,
            variables,
            schema=policy.find_contract(order.role, order.purpose).schema,
            grant=policy.find_grant(order.role, order.purpose),
        )
    assert prepared.plan is not None
    return prepared.plan


async def find_principal(running: RunningRegistry, order: TokenOrder) -> Any:
    """The principal that the path makes of a token order."""
    claims = running.pipeline.verifier.verify(running.issuer.issue_token(order), proof=None)
    return await running.pipeline._look_up(claims, running.pipeline.clock())


async def sign_context(running: RunningRegistry, order: TokenOrder, **changes: Any) -> str:
    """A context as the path would sign it, with some claims changed."""
    principal = await find_principal(running, order)
    claims = {
        "login": LOGIN_OF_ROLE[principal.role],
        "at": running.pipeline.clock(),
        "expires": int((datetime.now(UTC) + timedelta(seconds=30)).timestamp()),
        "account": principal.account,
        "role": principal.role.value,
        "purpose": principal.purpose.value,
        "agency_id": principal.agency_id,
        "state_code": principal.state_code,
        "officer_id": principal.officer_id,
        "grant_id": principal.grant_id,
        "body_id": principal.body_id,
        "policy": running.pipeline.policy.digest,
    }
    return running.pipeline.signer.sign(ContextClaims(**{**claims, **changes}))


async def run_plan(
    running: RunningRegistry, order: TokenOrder, plan: Plan, variables: dict[str, Any], context: str | None
) -> ReadAnswer:
    """Run a plan as the asker's login under a context."""
    principal = await find_principal(running, order)
    async with running.pipeline.pools.open_read(LOGIN_OF_ROLE[principal.role]) as session:
        values = plan.bind(variables, principal, running.pipeline.clock(), context)
        return await session.run_plan(plan.sql, values)
