"""A signed compact JWT (RFC 7515 section 7.1), opened but not yet believed: a strict header and a strict payload.

Nothing in it may be acted on before its signature was checked, except to choose the key that checks it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode

from app.identity.keys import ALGORITHMS, PublicKey
from app.identity.refusal import Refusal, TokenRefused
from app.identity.strict_json import read_json_object

_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class _Registry(JWSRegistry):
    """joserfc's rules with our algorithms; the whole token was measured before, so its parts need no limits."""

    max_header_length = 8192


# INVARIANT: the only list of algorithms that joserfc ever gets; without it, joserfc would take HS256 too.
_REGISTRY: Final = _Registry(algorithms=ALGORITHMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Header and payload as claimed by whoever sent them."""

    header: dict[str, Any] = field(repr=False)
    payload: dict[str, Any] = field(repr=False)
    compact: str = field(repr=False)


def open_envelope(compact: str, *, limit: int, header_names: frozenset[str]) -> Envelope:
    """Open a token of at most `limit` characters whose header has no other names than these.

    The names do the work of RFC 7515 section 4.1.11: `crit`, `b64`, and the keys or addresses of keys that a token
    would like to bring along, are refused before any key is used. Raises `TokenRefused`.
    """
    if len(compact) > limit:
        raise TokenRefused(Refusal.OVERSIZED)
    if _FORM.fullmatch(compact) is None:
        raise TokenRefused(Refusal.MALFORMED)
    header, payload, _signature = compact.split(".")
    opened = Envelope(header=_read_segment(header), payload=_read_segment(payload), compact=compact)
    if opened.header.keys() - header_names:
        raise TokenRefused(Refusal.HEADER)
    if opened.header.get("alg") not in ALGORITHMS:
        raise TokenRefused(Refusal.ALGORITHM)
    return opened


def check_signature(envelope: Envelope, key: PublicKey) -> None:
    """Check the signature with this key and the key's own algorithm; raises `TokenRefused`."""
    if envelope.header["alg"] != key.alg:
        raise TokenRefused(Refusal.ALGORITHM)
    try:
        jws.deserialize_compact(envelope.compact, key, registry=_REGISTRY)
    except (JoseError, ValueError):
        is_genuine = False
    else:
        is_genuine = True
    if not is_genuine:
        raise TokenRefused(Refusal.SIGNATURE)


def _read_segment(segment: str) -> dict[str, Any]:
    try:
        return read_json_object(urlsafe_b64decode(segment.encode("ascii")))
    except ValueError:
        refused = TokenRefused(Refusal.MALFORMED)
    raise refused
