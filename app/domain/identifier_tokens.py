"""How the last four digits of an SSN become a token that proves them and is never read back.

INVARIANT: a token is bound to one officer, so that two officers with equal digits share nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final
from uuid import UUID

TOKEN_KEY_VERSION: Final = 1
_LAST_FOUR: Final = re.compile(r"[0-9]{4}")
_DOMAIN: Final = b"probity/ssn-last-four/1\0"


def tokenise_last_four(key: bytes, officer_id: UUID, last_four: str) -> bytes:
    """HMAC-SHA-256 (RFC 2104) of the officer's id and the digits, 32 bytes; raises `ValueError` on any other form.

    Whoever has key and token can try all 10,000 values: the key stays outside the database and its backups.
    """
    if _LAST_FOUR.fullmatch(last_four) is None:
        raise ValueError("the last four digits are four digits")
    return hmac.new(key, _DOMAIN + officer_id.bytes + last_four.encode("ascii"), hashlib.sha256).digest()
