"""A principal is made of verified claims and a live grant that agrees with them in everything, and in no other way."""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.domain.vocabulary import Purpose, Role
from app.errors import PUBLIC_SENTENCES, ErrorCode, ProbityError
from app.identity.claims import VerifiedClaims
from app.identity.principal import PUBLIC_PRINCIPAL, HeldGrant, Principal, join_principal
from tests.architecture.source_tree import list_app_modules
from tests.identity.hostile_issuer import AGENCY_ID, AGENCY_ORI, GRANT_ID, LEFT_OUT, Desk, make_principal, sign_token

OFFICER_ID = UUID("2b8f7c1d-3e4a-4b5c-8d6e-7f8091a2b3c4")


def verify(**details: Any) -> VerifiedClaims:
    return Desk().verifier.verify(sign_token(claims={"acr": "mfa"}, **details))


def hold(**change: Any) -> HeldGrant:
    return dataclasses.replace(
        HeldGrant(
            id=GRANT_ID,
            account="maria.garcia",
            role=Role.RECORDS_OFFICER,
            agency_id=AGENCY_ID,
            agency_ori=AGENCY_ORI,
            state_code=None,
            officer_id=None,
            body_id=None,
        ),
        **change,
    )


def refuse(claims: VerifiedClaims, held: HeldGrant | None) -> None:
    with pytest.raises(ProbityError) as caught:
        join_principal(claims, held)
    assert caught.value.code is ErrorCode.FORBIDDEN
    assert caught.value.args == (PUBLIC_SENTENCES[ErrorCode.FORBIDDEN],)


def test_claims_and_the_grant_that_agrees_make_a_principal() -> None:
    principal = join_principal(verify(), hold())
    assert (principal.account, principal.role, principal.purpose) == (
        "maria.garcia",
        Role.RECORDS_OFFICER,
        Purpose.RECORDS,
    )
    assert (principal.agency_id, principal.state_code, principal.officer_id) == (AGENCY_ID, None, None)
    assert (principal.grant_id, principal.acr) == (GRANT_ID, "mfa")
    assert principal.scopes == {"registry", "explore"}
    assert not principal.is_anonymous


@pytest.mark.parametrize(
    ("details", "scope"),
    [
        (
            {"role": "post_officer", "purpose": "certification", "agency": LEFT_OUT, "state": "WA"},
            {"role": Role.POST_OFFICER, "agency_id": None, "agency_ori": None, "state_code": "WA"},
        ),
        (
            {"role": "officer", "purpose": "self", "agency": LEFT_OUT, "officer": str(OFFICER_ID)},
            {"role": Role.OFFICER, "agency_id": None, "agency_ori": None, "officer_id": OFFICER_ID},
        ),
        (
            {"role": "registrar", "purpose": "registry", "agency": LEFT_OUT},
            {"role": Role.REGISTRAR, "agency_id": None, "agency_ori": None},
        ),
    ],
    ids=["a State", "an officer", "everywhere"],
)
def test_a_role_is_held_where_the_grant_says(details: dict[str, Any], scope: dict[str, Any]) -> None:
    held = hold(**scope)
    principal = join_principal(verify(**details), held)
    assert (principal.agency_id, principal.state_code, principal.officer_id) == (
        held.agency_id,
        held.state_code,
        held.officer_id,
    )


def test_no_live_grant_is_no_right() -> None:
    refuse(verify(), None)


@pytest.mark.parametrize(
    "change",
    [
        {"account": "john.smith"},
        {"account": "Maria.Garcia"},
        {"role": Role.AGENCY_HEAD},
        {"agency_ori": "WA0179901"},
        {"agency_ori": None},
        {"agency_id": None},
        {"agency_id": None, "agency_ori": None},
        {"state_code": "WA"},
        {"officer_id": uuid4()},
    ],
    ids=lambda change: " and ".join(change),
)
def test_a_grant_that_differs_in_anything_is_no_right(change: dict[str, Any]) -> None:
    refuse(verify(), hold(**change))


@pytest.mark.parametrize("details", [{"state": "WA"}, {"officer": str(OFFICER_ID)}, {"agency": "WA0179901"}])
def test_a_token_that_claims_more_or_other_than_the_grant_is_refused(details: dict[str, Any]) -> None:
    refuse(verify(**details), hold())


def test_the_public_role_needs_no_grant_and_has_no_scope() -> None:
    claims = verify(role="public", purpose="public", agency=LEFT_OUT)
    principal = join_principal(claims, None)
    assert (principal.account, principal.role, principal.grant_id) == ("maria.garcia", Role.PUBLIC, None)
    refuse(claims, hold(role=Role.PUBLIC, agency_id=None, agency_ori=None))
    for scope in ({"agency": AGENCY_ORI}, {"state": "WA"}, {"officer": str(OFFICER_ID)}):
        refuse(verify(**{"role": "public", "purpose": "public", "agency": LEFT_OUT, **scope}), None)


def test_without_a_token_one_is_the_public_and_nobody_else() -> None:
    assert PUBLIC_PRINCIPAL.is_anonymous
    assert (PUBLIC_PRINCIPAL.role, PUBLIC_PRINCIPAL.purpose) == (Role.PUBLIC, Purpose.PUBLIC)
    fields = {field.name for field in dataclasses.fields(Principal)}
    assert not any(getattr(PUBLIC_PRINCIPAL, name) for name in fields - {"role", "purpose"})


def make_claims_by_hand() -> VerifiedClaims:
    known = {field.name: None for field in dataclasses.fields(VerifiedClaims)}
    return VerifiedClaims(**{**known, "expires_at": datetime.now(UTC)}, seal=object())  # type: ignore[arg-type]


def make_principal_by_hand() -> Principal:
    return Principal(**{field.name: None for field in dataclasses.fields(Principal)}, seal=object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "forge",
    [
        make_claims_by_hand,
        make_principal_by_hand,
        lambda: dataclasses.replace(verify(), role=Role.REGISTRAR, seal=None),
        lambda: dataclasses.replace(make_principal(agency_id=AGENCY_ID), role=Role.REGISTRAR, seal=None),
    ],
    ids=["claims made by hand", "a principal made by hand", "claims altered", "a principal altered"],
)
def test_nobody_else_can_make_or_alter_one(forge: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match="in no other way"):
        forge()


def test_what_is_made_cannot_be_changed() -> None:
    principal = make_principal(agency_id=AGENCY_ID)
    with pytest.raises(dataclasses.FrozenInstanceError):
        principal.role = Role.REGISTRAR  # type: ignore[misc]


def list_names(tree: ast.Module) -> Iterator[str]:
    """Names used in a module, as themselves, as attributes and as imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield name


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("read_claims", {"app/identity/tokens.py"}),
        ("_SEAL", {"app/identity/claims.py", "app/identity/principal.py"}),
    ],
)
def test_only_its_stage_makes_a_verified_value(name: str, places: set[str]) -> None:
    assert {module.name for module in list_app_modules() if name in list_names(module.tree)} == places


def test_the_two_seals_are_two() -> None:
    imported = [
        module.name
        for module in list_app_modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.alias) and node.name == "_SEAL"
    ]
    assert imported == []
