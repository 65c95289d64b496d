"""What a request presents: a token by the Bearer or the DPoP scheme, or nothing.

A request that presents something in a way that could be read in two ways is refused, never taken for an anonymous one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.errors import ErrorCode, ProbityError
from app.identity.dpop import DpopProof

# The values of WWW-Authenticate that go with UNAUTHENTICATED (RFC 6750 section 3, RFC 9449 section 7.1).
CHALLENGES: Final = (
    'Bearer realm="probity", error="invalid_token"',
    'DPoP realm="probity", algs="ES256", error="invalid_token"',
)

# One scheme, one space, one token (RFC 9110 section 11.4); a list of two credentials does not fit.
_CREDENTIALS: Final = re.compile(r"(bearer|dpop) ([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentedToken:
    """A token as sent, with the proof that came along when the scheme was DPoP."""

    compact: str = field(repr=False)
    proof: DpopProof | None = None


def read_presented_token(
    *, authorization: Sequence[str], dpop: Sequence[str], method: str, url: str
) -> PresentedToken | None:
    """Read the values of all Authorization and DPoP header fields of a request; None if it presents nothing.

    `url` as in `DpopProof`. Raises `ProbityError` (UNAUTHENTICATED).
    """
    if not authorization and not dpop:
        return None
    credentials = _CREDENTIALS.fullmatch(authorization[0]) if len(authorization) == 1 else None
    if credentials is None or len(dpop) > 1:
        raise ProbityError(ErrorCode.UNAUTHENTICATED)
    if credentials[1].lower() == "bearer":
        # RFC 9449 section 7.2: by this scheme a proof counts for nothing; a bound token will then be refused.
        return PresentedToken(compact=credentials[2])
    if not dpop:
        raise ProbityError(ErrorCode.UNAUTHENTICATED)
    return PresentedToken(compact=credentials[2], proof=DpopProof(compact=dpop[0], method=method, url=url))
