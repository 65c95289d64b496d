"""What figures are counted over: a schema for views, and which outcomes are held or sealed, as sets.

Why: a million rows cannot be judged one by one through the tables they hang on. The views are written from the policy with
row security (`app/storage/tables/counted.py`); a function asked of each row would cost more than all else, and one that is
not marked as safe keeps PostgreSQL from counting in parallel. Reversible: yes. The analyst's login alone may use them; of
records that are held it can learn the random ids, and nothing else.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_24_3_counting"
down_revision = "2026_11_24_2_served_policy"
branch_labels = None
depends_on = None

SETS = {"outcomes_held": "", "outcomes_sealed": "h.kind = 'SEAL_ORDER' AND "}


def upgrade() -> None:
    """Create the schema and both functions."""
    op.execute("CREATE SCHEMA counted")
    for name, condition in SETS.items():
        op.execute(
            f"CREATE FUNCTION gate.{name}(moment timestamptz) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER "
            "PARALLEL SAFE SET search_path = '' AS $$ "
            f"SELECT h.series_id FROM registry.holds h WHERE {condition}h.valid @> moment "
            "AND (SELECT c.role FROM gate.read_context() c) IS NOT NULL $$"
        )
        op.execute(f"REVOKE ALL ON FUNCTION gate.{name}(timestamptz) FROM PUBLIC")


def downgrade() -> None:
    """Drop them, and what was written from the policy on them."""
    op.execute("DROP SCHEMA counted CASCADE")
    for name in SETS:
        op.execute(f"DROP FUNCTION gate.{name}(timestamptz) CASCADE")
