"""Digests that name a record of a source and what the source says of it.

No digest covers a birth date: a hash of something so short can be guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date
from uuid import UUID

Part = str | int | bool | date | UUID | None


def digest_parts(kind: str, parts: Iterable[Part]) -> bytes:
    """sha256 over `kind` and the parts, each with its length before it, so that no two lists run together."""
    joined = bytearray()
    for part in (kind, *parts):
        if part is None:
            joined += b"-"
            continue
        text = str(part).encode()
        joined += b"%d:" % len(text)
        joined += text
    return hashlib.sha256(joined).digest()
