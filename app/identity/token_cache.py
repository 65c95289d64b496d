"""Tokens that were verified before, found again by their digest until they expire.

A refusal is never kept, the token itself is never kept, and there are never more entries than the cache was made for.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime

from app.identity.claims import VerifiedClaims


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    claims: VerifiedClaims
    kept_at: datetime


class TokenCache:
    """Verified claims by SHA-256 digest of their token; the least recently used give way."""

    __slots__ = ("_entries", "_size")

    def __init__(self, size: int) -> None:
        if size < 1:
            raise ValueError("a cache has room for at least one entry")
        self._size = size
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, digest: bytes, now: datetime) -> VerifiedClaims | None:
        """The claims of this token, if it was verified before and has not expired."""
        entry = self._entries.get(digest)
        if entry is None:
            return None
        # A clock that was set back asks for a fresh look at `iat` and `nbf`.
        if not entry.kept_at <= now < entry.claims.expires_at:
            del self._entries[digest]
            return None
        self._entries.move_to_end(digest)
        return entry.claims

    def keep(self, digest: bytes, claims: VerifiedClaims, now: datetime) -> None:
        """Keep what was verified just now; there is no way to keep a refusal."""
        self._entries[digest] = _Entry(claims=claims, kept_at=now)
        self._entries.move_to_end(digest)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
