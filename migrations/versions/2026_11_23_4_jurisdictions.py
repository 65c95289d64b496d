"""The United States, its States and territories and their counties.

Why: every agency belongs to a jurisdiction, and these are public facts (US Census Bureau codes of 2020). Reversible:
only while no agency refers to them. Who may read: everyone.
"""

from __future__ import annotations

import csv
from pathlib import Path

from alembic import op

from app.domain.places import jurisdiction_id
from app.storage.tables.places import JURISDICTIONS

revision = "2026_11_23_4_jurisdictions"
down_revision = "2026_11_23_3_gate"
branch_labels = None
depends_on = None

FACTS = Path(__file__).parents[1] / "jurisdictions.csv"


def upgrade() -> None:
    """Insert them, parents first."""
    with FACTS.open(encoding="utf-8", newline="") as lines:
        op.bulk_insert(JURISDICTIONS, [_read_row(row) for row in csv.DictReader(lines)])


def downgrade() -> None:
    """Take them away."""
    op.execute("DELETE FROM registry.jurisdictions WHERE level = 'LOCAL'")
    op.execute("DELETE FROM registry.jurisdictions WHERE level IN ('STATE', 'TERRITORIAL')")
    op.execute("DELETE FROM registry.jurisdictions WHERE level = 'FEDERAL'")


def _read_row(row: dict[str, str]) -> dict[str, object]:
    parent = row.pop("parent_code")
    known: dict[str, object] = {name: value or None for name, value in row.items()}
    return known | {
        "id": jurisdiction_id(row["code"]),
        "parent_id": jurisdiction_id(parent) if parent else None,
        "tribe_code": None,
        "gnis_id": None,
    }
