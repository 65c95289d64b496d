"""How a request presents its token: by one scheme, once; anything that could be read twice is refused."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.errors import ErrorCode, ProbityError
from app.identity.presented import CHALLENGES, PresentedToken, read_presented_token
from app.identity.refusal import Refusal
from tests.identity.hostile_issuer import URL, Desk, bind_to_holder, sign_proof, sign_token


def read(*authorization: str, dpop: Sequence[str] = ()) -> PresentedToken | None:
    return read_presented_token(authorization=authorization, dpop=dpop, method="POST", url=URL)


def test_a_request_without_either_header_presents_nothing() -> None:
    assert read() is None


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_read_whatever_the_letters_of_its_scheme(scheme: str) -> None:
    presented = read(f"{scheme} a.b.c")
    assert presented is not None
    assert (presented.compact, presented.proof) == ("a.b.c", None)


def test_a_bound_token_comes_with_its_proof() -> None:
    presented = read("DPoP a.b.c", dpop=["d.e.f"])
    assert presented is not None and presented.proof is not None
    assert (presented.compact, presented.proof.compact) == ("a.b.c", "d.e.f")
    assert (presented.proof.method, presented.proof.url) == ("POST", URL)


@pytest.mark.parametrize(
    ("authorization", "dpop"),
    [
        ((), ("d.e.f",)),
        (("",), ()),
        (("Bearer",), ()),
        (("Bearer ",), ()),
        (("Bearer  a.b.c",), ()),
        (("Bearer a.b.c ",), ()),
        (("Bearer a.b.c\n",), ()),
        ((" Bearer a.b.c",), ()),
        (("Bearer\ta.b.c",), ()),
        (("Bearer a.b.c, Bearer d.e.f",), ()),
        (("Bearer a.b.c", "Bearer d.e.f"), ()),
        (("Bearer a.b.c", "Bearer a.b.c"), ()),
        (("Bearer é.b.c",), ()),
        (("Basic bWFyaWE6eA==",), ()),
        (("a.b.c",), ()),
        (("DPoP a.b.c",), ()),
        (("DPoP a.b.c",), ("d.e.f", "g.h.i")),
        (("Bearer a.b.c",), ("d.e.f", "g.h.i")),
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_refused(authorization: Sequence[str], dpop: Sequence[str]) -> None:
    with pytest.raises(ProbityError) as caught:
        read(*authorization, dpop=dpop)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED
    assert caught.value.detail is None


def test_a_bound_token_sent_by_the_bearer_scheme_is_refused_although_its_proof_lies_beside_it() -> None:
    desk = Desk()
    token = sign_token(claims=bind_to_holder())
    presented = read(f"Bearer {token}", dpop=[sign_proof(token)])
    assert presented is not None
    with desk.refusing(Refusal.BINDING):
        desk.verifier.verify(presented.compact, proof=presented.proof)
    bound = read(f"DPoP {token}", dpop=[sign_proof(token)])
    assert bound is not None
    assert desk.verifier.verify(bound.compact, proof=bound.proof)


def test_neither_token_nor_proof_is_part_of_how_it_looks() -> None:
    assert "a.b.c" not in repr(read("DPoP a.b.c", dpop=["d.e.f"]))
    assert "d.e.f" not in repr(read("DPoP a.b.c", dpop=["d.e.f"]))


def test_the_challenges_name_both_schemes_and_nothing_of_the_fault() -> None:
    assert [challenge.split(" ")[0] for challenge in CHALLENGES] == ["Bearer", "DPoP"]
    assert all('error="invalid_token"' in challenge and "description" not in challenge for challenge in CHALLENGES)
