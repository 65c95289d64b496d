"""The principal's context as the database reads it: a signed line that lives for one statement.

INVARIANT: a context is signed for one login, one grant and one short span; the database trusts nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from app.storage.logins import Login

SETTING: Final = "probity.context"
_BLOCK: Final = 64
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextClaims:
    """Who asks, as the database needs to know it.

    `at` is the registry's time (permission and `now` are judged by it); `expires` is real time, seconds since 1970.
    `policy` is the digest of the policy the statement was planned under: the database must stand on the same.
    """

    login: Login
    at: datetime
    expires: int
    account: str
    role: str
    purpose: str
    agency_id: UUID | None
    state_code: str | None
    officer_id: UUID | None
    grant_id: UUID | None
    body_id: UUID | None
    policy: bytes


class ContextSigner:
    """Signs contexts with HMAC-SHA-256 (RFC 2104) under the key whose pads the database holds."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, claims: ContextClaims) -> str:
        """The setting's value: 64 hexadecimal digits, a colon, and the claims as JSON."""
        payload = _ENCODER.encode(
            {
                "login": claims.login.role_name,
                "at": claims.at.isoformat(),
                "expires": claims.expires,
                "account": claims.account,
                "role": claims.role,
                "purpose": claims.purpose,
                "agency": str(claims.agency_id) if claims.agency_id else None,
                "state": claims.state_code,
                "officer": str(claims.officer_id) if claims.officer_id else None,
                "grant": str(claims.grant_id) if claims.grant_id else None,
                "body": str(claims.body_id) if claims.body_id else None,
                "policy": claims.policy.hex(),
            }
        )
        return f"{hmac.digest(self._key, payload.encode(), 'sha256').hex()}:{payload}"


def compute_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer pad of HMAC-SHA-256 for `key`, 64 bytes each."""
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
