"""Commitments to what was asked for: provable afterwards, readable by nobody.

INVARIANT: the salt of a record comes from a secret and the record's own id, so equal questions never look equal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

DIGEST_BYTES: Final = 32

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_SALT_FORM: Final = b"probity-audit-salt-1"
_INPUT_FORM: Final = b"probity-audit-input-1"


def derive_salt(secret: bytes, record_id: UUID) -> bytes:
    """The salt of one record, 32 bytes (HMAC-SHA-256, RFC 2104); it may be shown to prove that one record's input."""
    return hmac.digest(secret, _SALT_FORM + record_id.bytes, "sha256")


def commit_input(salt: bytes, submitted: bytes) -> bytes:
    """The commitment to the submitted bytes, 32 bytes (HMAC-SHA-256 under the salt)."""
    return hmac.digest(salt, _INPUT_FORM + submitted, "sha256")


def proves_input(commitment: bytes, *, salt: bytes, submitted: bytes) -> bool:
    """Whether a shown salt and input are the ones committed to."""
    return hmac.compare_digest(commitment, commit_input(salt, submitted))


def commit_variables(secret: bytes, record_id: UUID, variables: Mapping[str, Any]) -> bytes:
    """The commitment to the variables of a request as they came in (JSON values), 32 bytes."""
    return commit_input(derive_salt(secret, record_id), write_variables(variables))


def write_variables(variables: Mapping[str, Any]) -> bytes:
    """Variables in one form: JSON in ASCII, names sorted, no spaces; raises `ValueError` for numbers JSON has not."""
    return _ENCODER.encode(variables).encode("ascii")


def digest_document(text: str) -> bytes:
    """SHA-256 of the text of an operation, 32 bytes; raises `ValueError` for text that is no Unicode."""
    return hashlib.sha256(text.encode()).digest()
