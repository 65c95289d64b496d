"""How jurisdictions are named: one stable public code each, and an id derived from it.

A jurisdiction is a public fact, so its id may be derived; ids of people and records never are.
"""

from __future__ import annotations

from uuid import UUID, uuid5

JURISDICTION_NAMESPACE = UUID("6f1f1a3e-6d0b-5e0e-9a0c-0d9a3b7e1c11")
FEDERAL_CODE = "US"


def jurisdiction_id(code: str) -> UUID:
    """The id of the jurisdiction with `code`: US, a postal code (WA), a county's FIPS code (53033) or TRIBE-<slug>."""
    return uuid5(JURISDICTION_NAMESPACE, code)
