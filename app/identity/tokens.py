"""The verifier of access tokens: a resource server's side of OAuth 2 by RFC 9068, with bound tokens.

It never says why a token was refused, never lets a token choose its key or algorithm, and fetches nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from authlib.oauth2.rfc9068.claims import JWTAccessTokenClaims  # type: ignore[import-untyped]
from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError

from app.domain.clock import Clock
from app.errors import ErrorCode, ProbityError
from app.identity.claims import LONGEST_NAME, VerifiedClaims, read_claims
from app.identity.dpop import DpopProof, ProofMemory, check_proof
from app.identity.envelope import Envelope, check_signature, open_envelope
from app.identity.keys import PublicKey
from app.identity.refusal import Refusal, TokenRefused
from app.identity.token_cache import TokenCache
from app.identity.trust import TrustedIssuer

LONGEST_TOKEN: Final = 8192
# Seconds by which an issuer's clock may differ from ours.
LEEWAY: Final = 30
# Seconds from `iat` to `exp`. Authlib's own validator takes a token of thirty days.
LONGEST_LIFETIME: Final = 3600
CACHED_TOKENS: Final = 4096

# RFC 9068 section 4: without this type, an id token of the same issuer would pass for an access token.
_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})
# The digests of a certificate that some providers add say nothing that is acted on; all else is refused.
_HEADER_NAMES: Final = frozenset({"typ", "alg", "kid", "x5t", "x5t#S256"})

Report = Callable[[Refusal], None]


class TokenVerifier:
    """Verifies the access tokens of the trusted issuers, each by its own keys and for its own audience.

    `report` is told why a token was refused, as one of a closed list of words; the caller of the API never is.
    """

    __slots__ = ("_cache", "_clock", "_proofs", "_report", "_trusted")

    def __init__(
        self,
        trusted: Mapping[str, TrustedIssuer],
        *,
        clock: Clock,
        cache: TokenCache | None = None,
        proofs: ProofMemory | None = None,
        report: Report | None = None,
    ) -> None:
        self._trusted = dict(trusted)
        self._clock = clock
        self._cache = TokenCache(CACHED_TOKENS) if cache is None else cache
        self._proofs = ProofMemory() if proofs is None else proofs
        self._report = report

    def verify(
        self, token: str, *, proof: DpopProof | None = None, certificate_thumbprint: str | None = None
    ) -> VerifiedClaims:
        """The claims of a token that is genuine, in time, meant for this server and sent by its rightful holder.

        `proof` comes with the DPoP scheme and only with it; `certificate_thumbprint` is the base64url SHA-256 of the
        client's TLS certificate, where the connection had one. Raises `ProbityError`: UNAUTHENTICATED with the same
        words whatever was wrong, or RATE_LIMITED for more proofs than can be remembered.
        """
        now = self._clock()
        try:
            claims = self._find_or_open(token, now)
            self._check_holder(claims, token, proof, certificate_thumbprint, now)
        except TokenRefused as refused:
            refusal = refused.refusal
        else:
            return claims
        # Raised outside the handler, so that no error about the token's content hangs on to this one.
        if self._report is not None:
            self._report(refusal)
        raise ProbityError(ErrorCode.UNAUTHENTICATED)

    def _find_or_open(self, token: str, now: datetime) -> VerifiedClaims:
        # INVARIANT: measured before it is digested, so that a huge token costs nothing.
        if len(token) > LONGEST_TOKEN:
            raise TokenRefused(Refusal.OVERSIZED)
        digest = hashlib.sha256(token.encode("utf-8", errors="replace")).digest()
        claims = self._cache.find(digest, now)
        if claims is None:
            claims = self._open(token, now)
            self._cache.keep(digest, claims, now)
        return claims

    def _open(self, token: str, now: datetime) -> VerifiedClaims:
        envelope = open_envelope(token, limit=LONGEST_TOKEN, header_names=_HEADER_NAMES)
        _check_type(envelope)
        issuer = self._find_issuer(envelope)
        check_signature(envelope, _find_key(envelope, issuer))
        # INVARIANT: from here on the payload is the issuer's word; before, it only chose among trusted issuers.
        _check_claims(envelope, issuer, now)
        return read_claims(envelope.payload, account_prefix=issuer.account_prefix)

    def _find_issuer(self, envelope: Envelope) -> TrustedIssuer:
        name = envelope.payload.get("iss")
        issuer = self._trusted.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise TokenRefused(Refusal.ISSUER)
        return issuer

    def _check_holder(
        self, claims: VerifiedClaims, token: str, proof: DpopProof | None, certificate: str | None, now: datetime
    ) -> None:
        """RFC 9449 section 7 and RFC 8705 section 3: checked at every request, whether the token was cached or not."""
        if claims.certificate_thumbprint is not None and claims.certificate_thumbprint != certificate:
            raise TokenRefused(Refusal.BINDING)
        # INVARIANT: a bound token is no bearer token, and a proof for a token that is bound to nothing proves nothing.
        if (claims.key_thumbprint is None) != (proof is None):
            raise TokenRefused(Refusal.BINDING)
        if claims.key_thumbprint is not None and proof is not None:
            check_proof(
                proof,
                token=token,
                key_thumbprint=claims.key_thumbprint,
                memory=self._proofs,
                now=now.timestamp(),
            )


def _check_type(envelope: Envelope) -> None:
    kind = envelope.header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise TokenRefused(Refusal.TYPE)


def _find_key(envelope: Envelope, issuer: TrustedIssuer) -> PublicKey:
    kid = envelope.header.get("kid")
    key = issuer.keys.get(kid) if isinstance(kid, str) and len(kid) <= LONGEST_NAME else None
    if key is None:
        raise TokenRefused(Refusal.KEY)
    return key


def _check_claims(envelope: Envelope, issuer: TrustedIssuer, now: datetime) -> None:
    """RFC 9068 section 4 by Authlib's claim set, and what it leaves open: audience, whole seconds, lifetime."""
    payload = envelope.payload
    if payload.get("aud") not in (issuer.audience, [issuer.audience]):
        # A token for several audiences could be passed on to us by any of the others.
        raise TokenRefused(Refusal.AUDIENCE)
    if not all(_is_whole(payload[name]) for name in ("exp", "iat", "nbf", "auth_time") if name in payload):
        raise TokenRefused(Refusal.CLAIMS)
    refusal = _find_claim_refusal(payload, envelope.header, issuer, int(now.timestamp()))
    if refusal is not None:
        raise TokenRefused(refusal)
    if not 0 < payload["exp"] - payload["iat"] <= LONGEST_LIFETIME:
        raise TokenRefused(Refusal.LIFETIME)


def _find_claim_refusal(
    payload: dict[str, Any], header: dict[str, Any], issuer: TrustedIssuer, now: int
) -> Refusal | None:
    required = {name: {"essential": True} for name in ("exp", "iat", "sub", "client_id", "jti")}
    expected = {
        "iss": {"essential": True, "value": issuer.issuer},
        "aud": {"essential": True, "value": issuer.audience},
    }
    try:
        JWTAccessTokenClaims(payload, header, {**required, **expected}).validate(now=now, leeway=LEEWAY)
    except ExpiredTokenError:
        return Refusal.EXPIRED
    except InvalidClaimError as error:
        return Refusal.NOT_YET_VALID if error.claim in ("nbf", "iat") else Refusal.CLAIMS
    except JoseError:
        return Refusal.CLAIMS
    return None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
