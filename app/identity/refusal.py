"""Why a token was not believed: one closed list, for the operator's counters and for tests.

The caller is never told which of them it was, and no piece of the token is ever part of a refusal.
"""

from __future__ import annotations

from enum import StrEnum


class Refusal(StrEnum):
    """What failed first; each value is a fixed word that may be counted and logged."""

    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    HEADER = "header"
    ALGORITHM = "algorithm"
    TYPE = "type"
    ISSUER = "issuer"
    KEY = "key"
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    CLAIMS = "claims"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    LIFETIME = "lifetime"
    DETAILS = "details"
    PRESENTATION = "presentation"
    BINDING = "binding"
    PROOF = "proof"
    PROOF_STALE = "proof_stale"
    PROOF_REPLAYED = "proof_replayed"


class TokenRefused(Exception):
    """A token or a proof that is not believed; it stays within this package."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal
