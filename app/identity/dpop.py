"""Proof of possession (DPoP, RFC 9449): that whoever sends a bound token also holds the key it is bound to.

A proof is good for one request, one address and one minute; it is never accepted twice by one process.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from joserfc.util import urlsafe_b64encode

from app.errors import ErrorCode, ProbityError
from app.identity.claims import is_account_name
from app.identity.envelope import Envelope, check_signature, open_envelope
from app.identity.keys import ES256, KeyRefused, PublicKey, read_public_key
from app.identity.refusal import Refusal, TokenRefused

LONGEST_PROOF: Final = 4096
# Seconds a proof's `iat` may lie behind or ahead of our clock (RFC 9449 section 11.1).
OLDEST_PROOF: Final = 60
CLOCK_SKEW: Final = 30
# Seconds a used proof is remembered: as long as it could be accepted, and as long again for a clock that is set back.
MEMORY_SPAN: Final = 2 * (OLDEST_PROOF + CLOCK_SKEW)
LONGEST_ADDRESS: Final = 2048

_HEADER_NAMES: Final = frozenset({"typ", "alg", "jwk"})
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DpopProof:
    """The proof of one request, with what the server itself knows of that request.

    INVARIANT: `url` starts with the address the operator has set, never with the request's Host header: a proof made
    for another server would otherwise be good here.
    """

    compact: str = field(repr=False)
    method: str
    url: str = field(repr=False)


class ProofMemory:
    """Which proofs were used in the last minutes: a digest each, bounded for one key and for all.

    When it is full a proof is refused, since forgetting one early would let it be used again.
    """

    __slots__ = ("_count_by_key", "_most", "_most_for_key", "_used")

    def __init__(self, *, most: int = 200_000, most_for_key: int = 20_000) -> None:
        self._most = most
        self._most_for_key = most_for_key
        self._used: OrderedDict[bytes, tuple[float, str]] = OrderedDict()
        self._count_by_key: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._used)

    def remember(self, key_thumbprint: str, proof_id: str, now: float) -> None:
        """Note the use of a proof at `now` (seconds since 1970); raises `TokenRefused` if it was used before.

        Raises `ProbityError` (RATE_LIMITED) when there is no room to remember it.
        """
        self._forget_before(now - MEMORY_SPAN)
        digest = hashlib.sha256(f"{key_thumbprint}.{proof_id}".encode()).digest()
        if digest in self._used:
            raise TokenRefused(Refusal.PROOF_REPLAYED)
        count = self._count_by_key.get(key_thumbprint, 0)
        if count >= self._most_for_key or len(self._used) >= self._most:
            raise ProbityError(ErrorCode.RATE_LIMITED)
        self._used[digest] = (now, key_thumbprint)
        self._count_by_key[key_thumbprint] = count + 1

    def _forget_before(self, limit: float) -> None:
        while self._used:
            digest, (used_at, key_thumbprint) = next(iter(self._used.items()))
            if used_at >= limit:
                return
            del self._used[digest]
            self._count_by_key[key_thumbprint] -= 1
            if not self._count_by_key[key_thumbprint]:
                del self._count_by_key[key_thumbprint]


def check_proof(proof: DpopProof, *, token: str, key_thumbprint: str, memory: ProofMemory, now: float) -> None:
    """Check one proof by all of RFC 9449 section 4.3; raises `TokenRefused`, or as `ProofMemory.remember` does.

    `token` is the access token sent with it, `key_thumbprint` the key that token is bound to, `now` seconds since 1970.
    """
    envelope = open_envelope(proof.compact, limit=LONGEST_PROOF, header_names=_HEADER_NAMES)
    if envelope.header.get("typ") != "dpop+jwt" or envelope.header.get("alg") != ES256:
        raise TokenRefused(Refusal.PROOF)
    key = _read_proof_key(envelope)
    if key.thumbprint() != key_thumbprint:
        raise TokenRefused(Refusal.PROOF)
    check_signature(envelope, key)
    _check_request(envelope.payload, proof)
    _check_age(envelope.payload, now)
    if envelope.payload.get("ath") != compute_token_hash(token):
        raise TokenRefused(Refusal.PROOF)
    proof_id = envelope.payload.get("jti")
    if not isinstance(proof_id, str) or not is_account_name(proof_id):
        raise TokenRefused(Refusal.PROOF)
    # Last of all: only the holder of a bound key may take up room in the memory.
    memory.remember(key_thumbprint, proof_id, now)


def compute_token_hash(token: str) -> str:
    """The `ath` claim: SHA-256 of the token in base64url (RFC 9449 section 4.2)."""
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).decode("ascii")


def normalise_address(url: str) -> str | None:
    """The address without query and fragment in the form in which two are compared; None if it is none.

    Scheme and host in small letters, no default port, `/` for an empty path, escapes as in RFC 3986 section 6.2.2.
    """
    if len(url) > LONGEST_ADDRESS or not url.isascii() or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        return None
    return f"{parts.scheme}://{_name_host(parts, port)}{_ESCAPE.sub(_normalise_escape, parts.path) or '/'}"


def _name_host(parts: SplitResult, port: int | None) -> str:
    host = parts.hostname or ""
    named = f"[{host}]" if ":" in host else host
    return named if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{named}:{port}"


def _normalise_escape(match: re.Match[str]) -> str:
    character = unquote(match[0])
    return character if _UNRESERVED.fullmatch(character) else match[0].upper()


def _read_proof_key(envelope: Envelope) -> PublicKey:
    member = envelope.header.get("jwk")
    try:
        if isinstance(member, dict) and member.get("kty") == "EC":
            return read_public_key(member)
    except KeyRefused:
        pass
    raise TokenRefused(Refusal.PROOF)


def _check_request(payload: dict[str, Any], proof: DpopProof) -> None:
    address = payload.get("htu")
    expected = normalise_address(proof.url)
    if payload.get("htm") != proof.method or not isinstance(address, str) or expected is None:
        raise TokenRefused(Refusal.PROOF)
    if normalise_address(address) != expected:
        raise TokenRefused(Refusal.PROOF)


def _check_age(payload: dict[str, Any], now: float) -> None:
    issued = payload.get("iat")
    if not isinstance(issued, int) or isinstance(issued, bool):
        raise TokenRefused(Refusal.PROOF)
    if not now - OLDEST_PROOF <= issued <= now + CLOCK_SKEW:
        raise TokenRefused(Refusal.PROOF_STALE)
