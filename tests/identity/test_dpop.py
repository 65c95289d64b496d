"""Proof of possession: a bound token is worth nothing without a fresh proof by its key, for this very request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from app.errors import ErrorCode, ProbityError
from app.identity.dpop import LONGEST_PROOF, MEMORY_SPAN, ProofMemory, normalise_address
from app.identity.refusal import Refusal, TokenRefused
from app.identity.tokens import TokenVerifier
from tests.identity.hostile_issuer import (
    LEFT_OUT,
    NOW,
    URL,
    Desk,
    bind_to_holder,
    make_holder_key,
    make_rsa_key,
    make_strange_key,
    present_proof,
    sign_proof,
    sign_token,
    sign_with_secret,
)

AT = int(NOW.timestamp())
BOUND = sign_token(claims=bind_to_holder())


def test_a_bound_token_with_a_proof_is_accepted() -> None:
    claims = Desk().verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND)))
    assert claims.key_thumbprint == make_holder_key().thumbprint()


def test_a_bound_token_is_no_bearer_token_even_when_it_was_verified_before() -> None:
    desk = Desk()
    assert desk.verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND)))
    with desk.refusing(Refusal.BINDING):
        desk.verifier.verify(BOUND)


def test_a_proof_beside_an_unbound_token_is_refused() -> None:
    desk = Desk()
    token = sign_token()
    with desk.refusing(Refusal.BINDING):
        desk.verifier.verify(token, proof=present_proof(sign_proof(token)))


@pytest.mark.parametrize(
    ("refusal", "claims"),
    [
        pytest.param(Refusal.PROOF, {"htm": "GET"}, id="another method"),
        pytest.param(Refusal.PROOF, {"htm": "post"}, id="the method in small letters"),
        pytest.param(Refusal.PROOF, {"htm": LEFT_OUT}, id="no method"),
        pytest.param(Refusal.PROOF, {"htu": "https://registry.example.com/graphql"}, id="another host"),
        pytest.param(Refusal.PROOF, {"htu": "https://registry.example.org/public"}, id="another path"),
        pytest.param(Refusal.PROOF, {"htu": "https://registry.example.org/graphql/"}, id="a slash more"),
        pytest.param(Refusal.PROOF, {"htu": "https://registry.example.org:8443/graphql"}, id="another port"),
        pytest.param(Refusal.PROOF, {"htu": "http://registry.example.org/graphql"}, id="without encryption"),
        pytest.param(Refusal.PROOF, {"htu": "https://a@registry.example.org/graphql"}, id="with a user"),
        pytest.param(Refusal.PROOF, {"htu": "/graphql"}, id="a path alone"),
        pytest.param(Refusal.PROOF, {"htu": [URL]}, id="a list of addresses"),
        pytest.param(Refusal.PROOF, {"htu": LEFT_OUT}, id="no address"),
        pytest.param(Refusal.PROOF, {"ath": LEFT_OUT}, id="no token hash"),
        pytest.param(Refusal.PROOF, {"ath": "A" * 43}, id="the hash of another token"),
        pytest.param(Refusal.PROOF, {"jti": LEFT_OUT}, id="no id"),
        pytest.param(Refusal.PROOF, {"jti": ""}, id="an empty id"),
        pytest.param(Refusal.PROOF, {"jti": "j" * 201}, id="an id too long"),
        pytest.param(Refusal.PROOF, {"jti": "\ud800"}, id="an id with a surrogate"),
        pytest.param(Refusal.PROOF, {"iat": LEFT_OUT}, id="no time"),
        pytest.param(Refusal.PROOF, {"iat": str(AT)}, id="a time in words"),
        pytest.param(Refusal.PROOF, {"iat": True}, id="a time that is true"),
        pytest.param(Refusal.PROOF_STALE, {"iat": AT - 61}, id="too old"),
        pytest.param(Refusal.PROOF_STALE, {"iat": AT + 31}, id="from the future"),
        pytest.param(Refusal.PROOF_STALE, {"iat": 10**30}, id="from beyond the calendar"),
    ],
)
def test_a_proof_of_something_else_is_refused(refusal: Refusal, claims: Mapping[str, Any]) -> None:
    desk = Desk()
    with desk.refusing(refusal):
        desk.verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND, claims=claims)))


@pytest.mark.parametrize("age", [60, 0, -30])
def test_a_proof_of_the_last_minute_is_accepted(age: int) -> None:
    assert Desk().verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND, claims={"iat": AT - age})))


def describe_holder(*, private: bool = False) -> dict[str, Any]:
    members = make_holder_key().as_dict(private=private)
    return {name: value for name, value in members.items() if name != "kid"}


@pytest.mark.parametrize(
    ("refusal", "header"),
    [
        pytest.param(Refusal.PROOF, {"typ": "JWT"}, id="another type"),
        pytest.param(Refusal.PROOF, {"typ": LEFT_OUT}, id="no type"),
        pytest.param(Refusal.PROOF, {"jwk": LEFT_OUT}, id="no key"),
        pytest.param(Refusal.PROOF, {"jwk": "holder"}, id="a key by name"),
        pytest.param(Refusal.PROOF, {"jwk": describe_holder(private=True)}, id="a private key"),
        pytest.param(Refusal.PROOF, {"jwk": OctKey.generate_key(256).as_dict()}, id="a symmetric key"),
        pytest.param(Refusal.PROOF, {"jwk": {**describe_holder(), "x": 1}}, id="a key with a number"),
        pytest.param(Refusal.PROOF, {"jwk": {**describe_holder(), "x": "AA"}}, id="a point off the curve"),
        pytest.param(Refusal.PROOF, {"jwk": {**describe_holder(), "crv": "P-384"}}, id="another curve"),
        pytest.param(Refusal.PROOF, {"jwk": {**describe_holder(), "crv": ["P-256"]}}, id="a list of curves"),
        pytest.param(Refusal.PROOF, {"jwk": {**describe_holder(), "key_ops": 1}}, id="operations by number"),
        pytest.param(Refusal.PROOF, {"jwk": {**describe_holder(), "use": "enc"}}, id="a key to encrypt"),
        pytest.param(Refusal.PROOF, {"jwk": {**describe_holder(), "more": "x"}}, id="a member that is not known"),
        pytest.param(Refusal.PROOF, {"jwk": make_strange_key().as_dict(private=False)}, id="a stranger's key"),
        pytest.param(Refusal.ALGORITHM, {"alg": "none"}, id="no algorithm"),
        pytest.param(Refusal.ALGORITHM, {"alg": "HS256"}, id="a shared secret"),
        pytest.param(Refusal.PROOF, {"alg": "RS256"}, id="RS256"),
        pytest.param(Refusal.HEADER, {"kid": "holder"}, id="a kid"),
        pytest.param(Refusal.HEADER, {"crit": ["jwk"]}, id="crit"),
        pytest.param(Refusal.HEADER, {"jku": "https://keys.example.org"}, id="an address of keys"),
    ],
)
def test_a_proof_with_another_header_is_refused(refusal: Refusal, header: Mapping[str, Any]) -> None:
    desk = Desk()
    with desk.refusing(refusal):
        desk.verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND, header=header)))


@pytest.mark.parametrize("key", [make_strange_key(), make_rsa_key()], ids=["a stranger", "an RSA key"])
def test_a_proof_by_another_key_is_refused(key: Any) -> None:
    desk = Desk()
    with desk.refusing(Refusal.PROOF):
        desk.verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND, key=key)))


def test_a_proof_that_names_the_key_but_is_signed_by_another_is_refused() -> None:
    desk = Desk()
    forged = sign_proof(BOUND, header={"jwk": describe_holder()}, key=ECKey.generate_key("P-256"))
    with desk.refusing(Refusal.SIGNATURE):
        desk.verifier.verify(BOUND, proof=present_proof(forged))


def test_the_proof_of_one_token_is_not_a_proof_of_another() -> None:
    desk = Desk()
    other = sign_token(claims={**bind_to_holder(), "jti": "another"})
    with desk.refusing(Refusal.PROOF):
        desk.verifier.verify(other, proof=present_proof(sign_proof(BOUND)))


@pytest.mark.parametrize(
    ("refusal", "compact"),
    [(Refusal.MALFORMED, ""), (Refusal.MALFORMED, "x.y"), (Refusal.OVERSIZED, "A" * (LONGEST_PROOF + 1))],
    ids=["empty", "garbage", "oversized"],
)
def test_what_is_no_proof_is_refused(refusal: Refusal, compact: str) -> None:
    desk = Desk()
    with desk.refusing(refusal):
        desk.verifier.verify(BOUND, proof=present_proof(compact))


def test_an_access_token_is_no_proof() -> None:
    desk = Desk()
    for compact in (BOUND, sign_with_secret(b"secret")):
        with desk.refusing(Refusal.HEADER):
            desk.verifier.verify(BOUND, proof=present_proof(compact))


def test_a_proof_is_accepted_once() -> None:
    desk = Desk()
    proof = present_proof(sign_proof(BOUND))
    assert desk.verifier.verify(BOUND, proof=proof)
    for seconds in (0, 1, 58):
        desk.clock.move(seconds)
        with desk.refusing(Refusal.PROOF_REPLAYED):
            desk.verifier.verify(BOUND, proof=proof)
    desk.clock.move(2)
    with desk.refusing(Refusal.PROOF_STALE):
        desk.verifier.verify(BOUND, proof=proof)
    assert desk.verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND, claims={"jti": "2", "iat": AT + 61})))


def test_the_same_id_is_a_replay_even_in_a_new_proof() -> None:
    desk = Desk()
    assert desk.verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND)))
    with desk.refusing(Refusal.PROOF_REPLAYED):
        desk.verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND, claims={"iat": AT + 5})))


def test_a_refused_proof_takes_no_room_and_stays_usable() -> None:
    memory = ProofMemory()
    desk = Desk(make=lambda *given, **named: TokenVerifier(*given, **named, proofs=memory))
    compact = sign_proof(BOUND)
    with desk.refusing(Refusal.PROOF):
        desk.verifier.verify(BOUND, proof=present_proof(compact, method="GET"))
    assert len(memory) == 0
    assert desk.verifier.verify(BOUND, proof=present_proof(compact))
    assert len(memory) == 1


def test_two_keys_may_use_the_same_id() -> None:
    memory = ProofMemory()
    memory.remember("one", "1", 0)
    memory.remember("two", "1", 0)
    with pytest.raises(TokenRefused):
        memory.remember("two", "1", 1)


def test_a_full_memory_refuses_instead_of_forgetting() -> None:
    memory = ProofMemory(most=5, most_for_key=3)
    for number in range(3):
        memory.remember("one", str(number), 0)
    with pytest.raises(ProbityError) as caught:
        memory.remember("one", "3", 0)
    assert caught.value.code is ErrorCode.RATE_LIMITED
    memory.remember("two", "0", 0)
    memory.remember("two", "1", 0)
    with pytest.raises(ProbityError):
        memory.remember("three", "0", 0)
    assert len(memory) == 5
    with pytest.raises(TokenRefused):
        memory.remember("one", "0", MEMORY_SPAN)


def test_a_memory_makes_room_once_its_proofs_are_too_old_to_be_used() -> None:
    memory = ProofMemory(most=5, most_for_key=3)
    for number in range(3):
        memory.remember("one", str(number), number)
    memory.remember("one", "3", MEMORY_SPAN + 1)
    assert len(memory) == 3
    memory.remember("one", "4", 3 * MEMORY_SPAN)
    assert len(memory) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://registry.example.org/graphql?query=x#part",
        "HTTPS://Registry.Example.org:443/graphql",
        "https://registry.example.org/%67raphql",
    ],
)
def test_two_spellings_of_one_address_are_one(address: str) -> None:
    assert normalise_address(address) == normalise_address(URL)
    assert Desk().verifier.verify(BOUND, proof=present_proof(sign_proof(BOUND, claims={"htu": address})))


def test_an_address_is_compared_in_its_normal_form() -> None:
    assert normalise_address("http://localhost:80") == "http://localhost/"
    assert normalise_address("http://[::1]:8000/a%2fb") == "http://[::1]:8000/a%2Fb"
    assert normalise_address("https://a.example/x%2Fy") != normalise_address("https://a.example/x/y")


@pytest.mark.parametrize(
    "address",
    [
        *("", "graphql", "//a.example/x", "ftp://a.example/x", "https://", "https://a.example:x/", "https://[a/"),
        *("https://é.example/", "https://u:p@a.example/", "https://a.example/\n", "https://a.example/" + "x" * 2048),
    ],
)
def test_what_is_no_address_of_a_request_is_none(address: str) -> None:
    assert normalise_address(address) is None
