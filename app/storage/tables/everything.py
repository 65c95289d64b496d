"""The whole metadata, for migrations and for checks that must see every table.

A family of tables that is missing here is missing from the database.
"""

from __future__ import annotations

from app.storage.tables import (
    access,
    audit,
    credentials,
    exports,
    intake,
    matching,
    outcomes,
    people,
    places,
    process,
    release,
)
from app.storage.tables.columns import METADATA

FAMILIES = (places, people, process, outcomes, access, credentials, exports, intake, matching, audit, release)

__all__ = ["FAMILIES", "METADATA"]
