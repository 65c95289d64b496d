"""Verified tokens are found again until they expire; refusals never are, and the room is bounded."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from app.identity.claims import VerifiedClaims
from app.identity.refusal import Refusal
from app.identity.token_cache import TokenCache
from app.identity.tokens import TokenVerifier
from tests.identity.hostile_issuer import NOW, Desk, make_strange_key, sign_token

CLAIMS = Desk().verifier.verify(sign_token())


def desk_with(cache: TokenCache) -> Desk:
    return Desk(make=lambda *given, **named: TokenVerifier(*given, **named, cache=cache))


def test_a_token_is_opened_once_and_then_found() -> None:
    desk = Desk()
    token = sign_token()
    first = desk.verifier.verify(token)
    assert desk.verifier.verify(token) is first
    assert desk.verifier.verify(sign_token(claims={"jti": "another"})) is not first


def test_a_refusal_is_never_kept() -> None:
    cache = TokenCache(10)
    desk = desk_with(cache)
    for token in (sign_token(key=make_strange_key()), "garbage", sign_token(claims={"aud": "x"})):
        with desk.refusing(desk_refusal(token)):
            desk.verifier.verify(token)
    assert len(cache) == 0


def desk_refusal(token: str) -> Refusal:
    desk = Desk()
    try:
        desk.verifier.verify(token)
    except Exception:
        return desk.reported[0]
    raise AssertionError("a hostile token was accepted")


def test_a_token_that_expires_in_the_cache_is_refused_after_the_leeway() -> None:
    desk = Desk()
    token = sign_token()
    desk.verifier.verify(token)
    desk.clock.move(629)
    assert desk.verifier.verify(token)
    desk.clock.move(1)
    with desk.refusing(Refusal.EXPIRED):
        desk.verifier.verify(token)


def test_a_clock_set_back_looks_at_the_token_afresh() -> None:
    desk = Desk()
    token = sign_token()
    desk.verifier.verify(token)
    desk.clock.move(-31)
    with desk.refusing(Refusal.NOT_YET_VALID):
        desk.verifier.verify(token)


def test_an_expired_entry_is_dropped_when_it_is_looked_for() -> None:
    cache = TokenCache(10)
    cache.keep(b"a", CLAIMS, NOW)
    assert cache.find(b"a", CLAIMS.expires_at - timedelta(seconds=1)) is CLAIMS
    assert cache.find(b"a", CLAIMS.expires_at) is None
    assert len(cache) == 0


def test_the_least_recently_used_give_way() -> None:
    cache = TokenCache(3)
    for digest in (b"a", b"b", b"c"):
        cache.keep(digest, CLAIMS, NOW)
    assert cache.find(b"a", NOW)
    cache.keep(b"d", CLAIMS, NOW)
    assert [cache.find(digest, NOW) is not None for digest in (b"a", b"b", b"c", b"d")] == [True, False, True, True]


def test_the_cache_never_grows_beyond_its_size() -> None:
    cache = TokenCache(7)
    for number in range(100):
        cache.keep(hashlib.sha256(str(number).encode()).digest(), CLAIMS, NOW)
        assert len(cache) <= 7
    assert len(cache) == 7


def test_a_cache_without_room_is_no_cache() -> None:
    with pytest.raises(ValueError, match="room"):
        TokenCache(0)


def test_the_cache_holds_no_token() -> None:
    cache = TokenCache(3)
    token = sign_token()
    desk_with(cache).verifier.verify(token)
    assert len(cache) == 1
    assert cache.find(hashlib.sha256(token.encode()).digest(), NOW) is not None
    assert token not in repr(cache.find(hashlib.sha256(token.encode()).digest(), NOW))
    assert isinstance(cache.find(hashlib.sha256(token.encode()).digest(), NOW), VerifiedClaims)
