"""Registrars grant the roles that no head can: each where it is held, to others, and never their own kind."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from app.demo.cast import CINDER_COVE, HARBORLIGHT, WALKER, Account
from app.domain.delegation import DELEGABLE, SCOPE_OF_ROLE, Scope
from app.domain.vocabulary import Role
from app.errors import ErrorCode, ProbityError
from app.identity.issuer import TokenOrder
from app.settings import Settings
from app.storage.embedded import EmbeddedCluster
from tests.access.people import VIEWER, end_all, install, order, send, smuggle
from tests.access.stage import Told, connect_superuser, copy_registry, name_database
from tests.journeys.conftest import RunningRegistry
from tests.properties.plain_rows import encode_id

BODY = uuid4()
# How a scope is said to the registrar's command, and where a token of that role says it.
SAID: dict[Scope, dict[str, str]] = {
    Scope.AGENCY: {"agencyOri": HARBORLIGHT.ori},
    Scope.STATE: {"stateCode": "WA"},
    Scope.OFFICER: {"officerId": encode_id("Officer", WALKER.id)},
    Scope.BODY: {"bodyId": encode_id("CredentialingBody", str(BODY))},
}
HELD: dict[Scope, dict[str, Any]] = {
    Scope.AGENCY: {"agency": HARBORLIGHT},
    Scope.STATE: {"state": "WA"},
    Scope.OFFICER: {"officer": WALKER.id},
    Scope.BODY: {},
}
GIVEN = sorted(DELEGABLE[Role.REGISTRAR])


def say(role: Role) -> dict[str, str]:
    """The scope that a role needs, as it is said."""
    return SAID[SCOPE_OF_ROLE[role]] if role in SCOPE_OF_ROLE else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A registry of this file's own with a registrar, and what it truly holds."""

    registry: RunningRegistry
    truth: asyncpg.Connection
    registrar: TokenOrder

    async def give(self, account: str, role: str, /, **given: Any) -> Any:
        """Grant a role."""
        return await send(self.registry, self.registrar, "grantRole", **{"account": account, "role": role, **given})

    async def end(self, grant: str, /, **given: Any) -> Any:
        """End a role."""
        given = {"grantId": grant, "expectedVersion": 1, **given}
        return await send(self.registry, self.registrar, "revokeRole", **given)


@pytest_asyncio.fixture(scope="module")
async def office(cluster: EmbeddedCluster, settings: Settings, told: Told) -> AsyncIterator[Office]:
    """The registry of this file."""
    async with copy_registry(cluster, settings, told) as registry:
        truth = await connect_superuser(cluster, name_database(registry))
        await truth.execute(
            "INSERT INTO registry.credentialing_bodies (id, name, states) VALUES ($1, 'Fernhollow Review Board', $2)",
            BODY,
            ["WA"],
        )
        registrar = await install(truth, "registrar-herself", Role.REGISTRAR)
        yield Office(registry=registry, truth=truth, registrar=registrar)
        await truth.close()


@pytest.mark.parametrize("role", GIVEN)
async def test_a_role_holds_from_the_next_request_on_and_ends_with_the_next(office: Office, role: Role) -> None:
    held = order(f"new-{role}", role, **(HELD[SCOPE_OF_ROLE[role]] if role in SCOPE_OF_ROLE else {}))
    with pytest.raises(ProbityError) as before:
        await office.registry.ask(held, VIEWER)
    assert before.value.code is ErrorCode.FORBIDDEN
    given = await office.give(held.account, role, **say(role))
    assert given["__typename"] == "RoleGranted"
    for _ in range(2):
        assert (await office.registry.ask(held, VIEWER))["viewer"] == {"role": role}
    ended = await office.end(given["grant"]["id"])
    assert ended["grant"]["revokedBy"] == office.registrar.account
    with pytest.raises(ProbityError) as after:
        await office.registry.ask(held, VIEWER)
    assert after.value.code is ErrorCode.FORBIDDEN


@pytest.mark.parametrize("role", sorted(set(Role) - DELEGABLE[Role.REGISTRAR]))
async def test_a_registrar_makes_no_registrar_no_auditor_and_nothing_that_others_give(
    office: Office, role: Role
) -> None:
    assert (await office.give("someone", role, **say(role)))["code"] == "NOT_ALLOWED"
    assert await office.truth.fetchval("SELECT count(*) FROM registry.grants WHERE account = 'someone'") == 0


@pytest.mark.parametrize("role", GIVEN)
async def test_a_role_is_given_where_it_is_held_and_with_no_other_place(office: Office, role: Role) -> None:
    needed = SCOPE_OF_ROLE.get(role)
    for scope, said in SAID.items():
        if scope is not needed:
            assert (await office.give("someone", role, **say(role), **said))["code"] == "WRONG_SCOPE"
            assert (await office.give("someone", role, **said))["code"] == "WRONG_SCOPE"
    if needed is not None:
        assert (await office.give("someone", role))["code"] == "WRONG_SCOPE"


async def test_a_place_that_is_not_there_is_one_refusal_whatever_it_is(office: Office) -> None:
    answers = [
        await office.give("someone", role, **said)
        for role, said in (
            ("agency_head", {"agencyOri": "ZZ9999999"}),
            ("officer", {"officerId": encode_id("Officer", str(uuid4()))}),
            ("officer", {"officerId": "x"}),
            ("officer", {"officerId": encode_id("Outcome", WALKER.id)}),
            ("credentialing_body", {"bodyId": encode_id("CredentialingBody", str(uuid4()))}),
            ("credentialing_body", {"bodyId": ""}),
        )
    ]
    assert {json.dumps(answer) for answer in answers} == {json.dumps(answers[0])}
    assert answers[0]["code"] == "NOT_FOUND"
    for state in ("ZZ", "wa", "Washington", ""):
        assert (await office.give("someone", "post_officer", stateCode=state))["code"] == "INVALID"


async def test_nobody_gives_himself_a_role_or_ends_his_own(office: Office) -> None:
    assert (await office.give(office.registrar.account, "doj_analyst"))["code"] == "NOT_TO_ONESELF"
    own = await office.truth.fetchval("SELECT id FROM registry.grants WHERE account = $1", office.registrar.account)
    assert (await office.end(encode_id("RoleGrant", str(own))))["code"] == "NOT_TO_ONESELF"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.REGISTRAR, Role.RECORDS_OFFICER, Role.HIRING_INVESTIGATOR])
async def test_a_registrar_ends_no_role_that_he_could_not_give(office: Office, role: Role) -> None:
    place = HELD[SCOPE_OF_ROLE[role]] if role in SCOPE_OF_ROLE else {}
    held = await install(office.truth, f"old-{role}", role, **place)
    grant = await office.truth.fetchval("SELECT id FROM registry.grants WHERE account = $1", held.account)
    assert (await office.end(encode_id("RoleGrant", str(grant))))["code"] == "NOT_ALLOWED"
    assert await office.registry.ask(held, VIEWER)


async def test_an_account_acts_for_one_body_at_a_time(office: Office) -> None:
    other = await office.truth.fetchval(
        "INSERT INTO registry.credentialing_bodies (id, name, states) "
        "VALUES (gen_random_uuid(), 'Otterbrook Review Board', $1) RETURNING id",
        ["OR"],
    )
    first = await office.give("acts-for-one", "credentialing_body", **SAID[Scope.BODY])
    assert first["__typename"] == "RoleGranted"
    second = {"bodyId": encode_id("CredentialingBody", str(other))}
    assert (await office.give("acts-for-one", "credentialing_body", **second))["code"] == "ALREADY_HELD"


async def test_a_registrar_who_was_ended_gives_nothing(office: Office) -> None:
    leaving = await install(office.truth, "registrar-leaving", Role.REGISTRAR)
    assert await office.registry.ask(leaving, VIEWER)
    await end_all(office.truth, leaving.account)
    with pytest.raises(ProbityError) as refused:
        await send(office.registry, leaving, "grantRole", account="someone", role="doj_analyst")
    assert refused.value.code is ErrorCode.FORBIDDEN


INSERT = (
    "INSERT INTO registry.grants (id, account, role, agency_id, state_code, officer_id, valid, granted_by) "
    "VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, tstzrange(now(), NULL), $6)"
)


@pytest.mark.parametrize(
    ("role", "agency", "state", "officer"),
    [
        *((role.value, None, None, None) for role in (Role.REGISTRAR, Role.AUDITOR)),
        ("records_officer", HARBORLIGHT.id, None, None),
        ("hiring_investigator", HARBORLIGHT.id, None, None),
        ("officer_rep", None, None, WALKER.id),
        ("doj_analyst", HARBORLIGHT.id, None, None),
        ("doj_adjudicator", None, "WA", None),
        ("agency_head", CINDER_COVE.id, "OR", None),
        ("post_officer", None, "WA", WALKER.id),
        ("officer", HARBORLIGHT.id, None, WALKER.id),
    ],
)
async def test_the_database_alone_keeps_registrars_to_their_list_and_each_role_to_its_place(
    office: Office, role: str, agency: str | None, state: str | None, officer: str | None
) -> None:
    values = (role, agency and UUID(agency), state, officer and UUID(officer), office.registrar.account)
    with pytest.raises(ProbityError) as refused:
        async with smuggle(office.registry, office.registrar) as connection:
            await connection.execute(INSERT, "smuggled", *values)
    assert refused.value.code is ErrorCode.FORBIDDEN


async def test_the_database_alone_lets_a_registrar_end_what_he_may_give(office: Office) -> None:
    ended = (
        "UPDATE registry.grants SET valid = tstzrange(lower(valid), now()), revoked_at = now(), revoked_by = $2 "
        "WHERE account = $1"
    )
    await install(office.truth, "auditor-kept", Role.AUDITOR)
    await install(office.truth, "analyst-ended", Role.DOJ_ANALYST)
    for account in ("auditor-kept", office.registrar.account, Account.RECORDS.value):
        with pytest.raises(ProbityError):
            async with smuggle(office.registry, office.registrar) as connection:
                await connection.execute(ended, account, office.registrar.account)
    async with smuggle(office.registry, office.registrar) as connection:
        assert await connection.execute(ended, "analyst-ended", office.registrar.account) == "UPDATE 1"
