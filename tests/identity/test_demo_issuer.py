"""The demo issuer: its tokens are like anyone's, it exists in demo mode only, and it shows no private key."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.domain.vocabulary import Purpose, Role
from app.errors import ErrorCode, ProbityError, SetupRefused
from app.identity.issuer import DEMO_ISSUER, DEMO_WARNING, DemoIssuer, TokenOrder
from app.identity.keys import compute_jwk_thumbprint
from app.identity.refusal import Refusal
from app.identity.tokens import LONGEST_LIFETIME, TokenVerifier
from app.identity.trust import join_trust
from app.settings import Mode
from tests.identity.hostile_issuer import Desk, MovableClock, make_holder_key, present_proof, sign_proof

OFFICER_ID = UUID("2b8f7c1d-3e4a-4b5c-8d6e-7f8091a2b3c4")


def open_issuer(installation: str = "one", *, clock: MovableClock | None = None) -> DemoIssuer:
    secret = f"the secret of installation {installation}"
    return DemoIssuer(secret=secret, mode=Mode.DEMO, clock=clock or MovableClock(), draw_id=uuid4)


def order(**change: Any) -> TokenOrder:
    return TokenOrder(**{"account": "demo-officer", "role": Role.OFFICER, "purpose": Purpose.SELF, **change})


def verifier_of(issuer: DemoIssuer, clock: MovableClock | None = None) -> TokenVerifier:
    return TokenVerifier(join_trust([issuer.describe_trust()]), clock=clock or MovableClock())


def test_a_demo_token_says_what_was_ordered() -> None:
    issuer = open_issuer()
    ordered = order(agency_ori="WA0179900", state_code="WA", officer_id=OFFICER_ID, scopes=("a", "b"), acr="mfa")
    claims = verifier_of(issuer).verify(issuer.issue_token(ordered))
    assert (claims.account, claims.role, claims.purpose) == ("demo-officer", Role.OFFICER, Purpose.SELF)
    assert (claims.agency_ori, claims.state_code, claims.officer_id) == ("WA0179900", "WA", OFFICER_ID)
    assert (claims.acr, claims.issuer) == ("mfa", DEMO_ISSUER)
    assert claims.scopes == {"a", "b"}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("purpose", [Purpose.PUBLIC, Purpose.HIRING])
def test_every_role_can_be_ordered(role: Role, purpose: Purpose) -> None:
    issuer = open_issuer()
    claims = verifier_of(issuer).verify(issuer.issue_token(order(role=role, purpose=purpose)))
    assert (claims.role, claims.purpose) == (role, purpose)


def test_a_demo_token_can_be_bound_to_a_key() -> None:
    issuer = open_issuer()
    thumbprint = compute_jwk_thumbprint(make_holder_key().as_dict(private=True))
    assert thumbprint == compute_jwk_thumbprint(make_holder_key().as_dict(private=False))
    token = issuer.issue_token(order(key_thumbprint=thumbprint))
    assert verifier_of(issuer).verify(token, proof=present_proof(sign_proof(token))).key_thumbprint == thumbprint
    with pytest.raises(ProbityError):
        verifier_of(issuer).verify(token)


def test_a_demo_token_ends_when_it_was_ordered_to() -> None:
    clock = MovableClock()
    issuer = open_issuer(clock=clock)
    verifier = verifier_of(issuer, clock)
    token = issuer.issue_token(order(lifetime=5))
    assert verifier.verify(token)
    clock.move(35)
    with pytest.raises(ProbityError) as caught:
        verifier.verify(token)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED


@pytest.mark.parametrize("lifetime", [0, -1, LONGEST_LIFETIME + 1])
def test_a_life_that_no_token_may_have_is_refused(lifetime: int) -> None:
    with pytest.raises(SetupRefused, match="lives from 1 to 3600 seconds"):
        open_issuer().issue_token(order(lifetime=lifetime))


def test_the_demo_issuer_does_not_exist_in_production() -> None:
    with pytest.raises(SetupRefused, match="demo mode only"):
        DemoIssuer(secret="x", mode=Mode.PRODUCTION, clock=MovableClock(), draw_id=uuid4)


def test_a_verifier_that_does_not_trust_the_demo_issuer_refuses_its_tokens() -> None:
    desk = Desk()
    with desk.refusing(Refusal.ISSUER):
        desk.verifier.verify(open_issuer().issue_token(order()))


def test_two_installations_do_not_believe_each_other() -> None:
    first, second = open_issuer("one"), open_issuer("two")
    with pytest.raises(ProbityError):
        verifier_of(second).verify(first.issue_token(order()))
    assert first.describe_keys() != second.describe_keys()


def test_the_key_is_the_same_after_a_restart() -> None:
    token = open_issuer().issue_token(order())
    assert verifier_of(open_issuer()).verify(token)


def test_the_published_keys_are_public() -> None:
    document = open_issuer().describe_keys()
    assert [sorted(member) for member in document["keys"]] == [["alg", "crv", "kid", "kty", "use", "x", "y"]]
    assert all(member["kid"].startswith("demo-") for member in json.loads(json.dumps(document))["keys"])
    assert not any(key.is_private for key in open_issuer().describe_trust().keys.values())


def test_the_demo_issuer_says_loudly_what_it_is() -> None:
    assert "demo" in DEMO_ISSUER
    assert "anyone" in DEMO_WARNING and "real people" in DEMO_WARNING
