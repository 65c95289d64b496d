"""What one version of an outcome says, its canonical bytes, and the salted commitment to them.

INVARIANT: the canonical form never changes; a commitment made today must prove the same content in thirty years.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import date
from typing import Final

CANONICAL_FORM: Final = "probity-content-1"
SALT_BYTES: Final = 32
SHORTEST_SALT: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionContent:
    """The content of one version, column by column of `registry.outcome_contents`; codes are vocabulary values."""

    action_date: date
    force_related: bool
    basis: tuple[str, ...] = ()
    force_types: tuple[str, ...] = ()
    on_duty: bool | None = None
    recommended_finding: str | None = None
    final_finding: str | None = None
    standard_of_proof: str | None = None
    legal_basis: str | None = None
    conviction_basis: str | None = None
    civil_basis: str | None = None
    court: str | None = None
    court_case_number: str | None = None


def encode_content(content: VersionContent) -> bytes:
    """The canonical bytes: one JSON object in UTF-8, names sorted, no spaces, absent values null, dates ISO 8601."""
    body = {
        "form": CANONICAL_FORM,
        "action_date": content.action_date.isoformat(),
        "force_related": content.force_related,
        "basis": list(content.basis),
        "force_types": list(content.force_types),
        "on_duty": content.on_duty,
        "recommended_finding": content.recommended_finding,
        "final_finding": content.final_finding,
        "standard_of_proof": content.standard_of_proof,
        "legal_basis": content.legal_basis,
        "conviction_basis": content.conviction_basis,
        "civil_basis": content.civil_basis,
        "court": content.court,
        "court_case_number": content.court_case_number,
    }
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def compute_commitment(salt: bytes, content: VersionContent) -> bytes:
    """sha256 of the salt's length (one byte), the salt and the canonical bytes, 32 bytes.

    With the salt it proves the content; once salt and content are expunged it tells nothing. Raises `ValueError` for
    a salt under 16 or over 255 bytes.
    """
    if not SHORTEST_SALT <= len(salt) <= 255:
        raise ValueError("a commitment's salt has from 16 to 255 bytes")
    return hashlib.sha256(bytes([len(salt)]) + salt + encode_content(content)).digest()


def proves_content(commitment: bytes, salt: bytes, content: VersionContent) -> bool:
    """Whether `commitment` was made from exactly this salt and content."""
    return hmac.compare_digest(commitment, compute_commitment(salt, content))
