"""An issuer that signs whatever it is told, well-formed or not, with the keys of a trusted one or with others.

Everything about a token can be changed here, so that each test breaks exactly one thing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64encode

from app.domain.vocabulary import Purpose, Role
from app.errors import PUBLIC_SENTENCES, ErrorCode, ProbityError
from app.identity.dpop import DpopProof, compute_token_hash
from app.identity.keys import read_public_key
from app.identity.principal import HeldGrant, Principal, join_principal
from app.identity.refusal import Refusal
from app.identity.tokens import TokenVerifier
from app.identity.trust import TrustedIssuer, join_trust

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ISSUER = "https://id.example.org"
OTHER_ISSUER = "https://login.example.net"
AUDIENCE = "https://registry.example.org/graphql"
URL = "https://registry.example.org/graphql"
AGENCY_ORI = "WA0179900"
AGENCY_ID = UUID("6b2c1f0e-5f7e-4a53-8f0b-3f1c2d4e5a60")
GRANT_ID = UUID("0f2c6a1e-7d3b-4c58-9a6f-1b2c3d4e5f60")

Change = Mapping[str, Any]
# Stands in a change for a member that is left out.
LEFT_OUT = object()


@cache
def make_ec_key() -> ECKey:
    return ECKey.generate_key("P-256")


@cache
def make_rsa_key() -> RSAKey:
    return RSAKey.generate_key(2048)


@cache
def make_strange_key() -> ECKey:
    return ECKey.generate_key("P-256")


@cache
def make_holder_key() -> ECKey:
    return ECKey.generate_key("P-256")


def describe_claims(change: Change | None = None, **details: Any) -> dict[str, Any]:
    """The claims of a good token, with `details` changed in its one entry and `change` among the claims."""
    now = int(NOW.timestamp())
    entry = {"type": "probity", "role": "records_officer", "purpose": "records", "agency": AGENCY_ORI}
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "maria.garcia",
        "client_id": "records-desk",
        "jti": "9f6d3a52-9f0a-4d0e-8d0b-2f6c1a7e4b10",
        "iat": now,
        "exp": now + 600,
        "scope": "registry explore",
        "authorization_details": [_apply(entry, details)],
    }
    return _apply(claims, change or {})


def describe_header(change: Change | None = None) -> dict[str, Any]:
    return _apply({"alg": "ES256", "typ": "at+jwt", "kid": "ec-1"}, change or {})


def _apply(members: dict[str, Any], change: Change) -> dict[str, Any]:
    return {name: value for name, value in {**members, **change}.items() if value is not LEFT_OUT}


def encode_segment(content: str | bytes) -> str:
    return urlsafe_b64encode(content if isinstance(content, bytes) else content.encode()).decode("ascii")


def sign_text(header: str | bytes, payload: str | bytes, *, key: ECKey | RSAKey | None = None) -> str:
    """A token of exactly these texts, signed by an EC key with ES256 and by an RSA key with RS256."""
    key = key or make_ec_key()
    signed = f"{encode_segment(header)}.{encode_segment(payload)}"
    algorithm = JWSRegistry.algorithms["ES256" if isinstance(key, ECKey) else "RS256"]
    return f"{signed}.{encode_segment(algorithm.sign(signed.encode(), key))}"


def sign_token(
    *, header: Change | None = None, claims: Change | None = None, key: ECKey | RSAKey | None = None, **details: Any
) -> str:
    """A good token, changed in the ways named."""
    return sign_text(json.dumps(describe_header(header)), json.dumps(describe_claims(claims, **details)), key=key)


def sign_with_secret(secret: bytes, *, algorithm: str = "HS256") -> str:
    """A token signed with a secret that everyone knows: the issuer's public key."""
    header = encode_segment(json.dumps(describe_header({"alg": algorithm})))
    signed = f"{header}.{encode_segment(json.dumps(describe_claims()))}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
    return f"{signed}.{encode_segment(hmac.new(secret, signed.encode(), digest).digest())}"


def bind_to_holder() -> dict[str, Any]:
    """The claim that binds a token to the holder's key."""
    return {"cnf": {"jkt": make_holder_key().thumbprint()}}


def sign_proof(
    token: str, *, header: Change | None = None, claims: Change | None = None, key: ECKey | RSAKey | None = None
) -> str:
    """A good DPoP proof for `token` at NOW, changed in the ways named."""
    key = key or make_holder_key()
    good_header = {"typ": "dpop+jwt", "alg": "ES256", "jwk": _describe_public(key)}
    good_claims = {
        "jti": "e1j3V_bKic8-LAEB",
        "htm": "POST",
        "htu": URL,
        "iat": int(NOW.timestamp()),
        "ath": compute_token_hash(token),
    }
    return sign_text(
        json.dumps(_apply(good_header, header or {})), json.dumps(_apply(good_claims, claims or {})), key=key
    )


def present_proof(compact: str, *, method: str = "POST", url: str = URL) -> DpopProof:
    return DpopProof(compact=compact, method=method, url=url)


def _describe_public(key: ECKey | RSAKey) -> dict[str, Any]:
    return {name: value for name, value in key.as_dict(private=False).items() if name not in ("kid", "use", "alg")}


def describe_trusted() -> Mapping[str, TrustedIssuer]:
    """Two issuers, each with keys of its own."""
    ours: dict[str, ECKey | RSAKey] = {"ec-1": make_ec_key(), "rsa-1": make_rsa_key()}
    return join_trust(
        [
            TrustedIssuer(
                issuer=ISSUER,
                audience=AUDIENCE,
                keys={kid: read_public_key(_describe_public(key)) for kid, key in ours.items()},
            ),
            TrustedIssuer(
                issuer=OTHER_ISSUER,
                audience=AUDIENCE,
                keys={"other-1": read_public_key(_describe_public(make_strange_key()))},
                account_prefix="other:",
            ),
        ]
    )


@dataclass
class MovableClock:
    """A clock that stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Desk:
    """A verifier with a clock to move and the reasons it reported."""

    clock: MovableClock = field(default_factory=MovableClock)
    reported: list[Refusal] = field(default_factory=list)
    make: Callable[..., TokenVerifier] = TokenVerifier

    def __post_init__(self) -> None:
        self.verifier = self.make(describe_trusted(), clock=self.clock, report=self.reported.append)

    @contextmanager
    def refusing(self, refusal: Refusal) -> Iterator[None]:
        """Expect a refusal for exactly this reason, in the words that all refusals have, carrying nothing along."""
        before = len(self.reported)
        with pytest.raises(ProbityError) as caught:
            yield
        assert self.reported[before:] == [refusal]
        assert_says_nothing(caught.value)


def assert_says_nothing(error: ProbityError) -> None:
    """The error is the constant one, and no other error hangs on to it."""
    assert error.code is ErrorCode.UNAUTHENTICATED
    assert error.args == (PUBLIC_SENTENCES[ErrorCode.UNAUTHENTICATED],)
    assert error.public_sentence == PUBLIC_SENTENCES[ErrorCode.UNAUTHENTICATED]
    assert error.__cause__ is None
    assert error.__context__ is None


def make_principal(
    role: Role = Role.RECORDS_OFFICER,
    purpose: Purpose = Purpose.RECORDS,
    *,
    account: str = "maria.garcia",
    agency_id: UUID | None = None,
    agency_ori: str | None = None,
    state_code: str | None = None,
    officer_id: UUID | None = None,
    grant_id: UUID = GRANT_ID,
    scope: str | None = None,
) -> Principal:
    """A principal made as in earnest: a token is signed, verified and joined with a grant."""
    ori = agency_ori or (AGENCY_ORI if agency_id else None)
    token = sign_token(
        claims={"sub": account, "scope": scope or LEFT_OUT},
        role=role.value,
        purpose=purpose.value,
        agency=ori or LEFT_OUT,
        state=state_code or LEFT_OUT,
        officer=str(officer_id) if officer_id else LEFT_OUT,
    )
    held = HeldGrant(
        id=grant_id,
        account=account,
        role=role,
        agency_id=agency_id,
        agency_ori=ori,
        state_code=state_code,
        officer_id=officer_id,
        body_id=None,
    )
    return join_principal(Desk().verifier.verify(token), None if role is Role.PUBLIC else held)
