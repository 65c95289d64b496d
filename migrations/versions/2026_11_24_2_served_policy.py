"""Which policy the public's answers are of.

Why: the public's login has no signed context, so its statements ask by themselves whether the database still stands on the
policy they were planned under. Reversible: yes. New column: the policy's digest, readable by everyone; it says nothing but
that policies differ.
"""

from __future__ import annotations

from alembic import op

revision = "2026_11_24_2_served_policy"
down_revision = "2026_11_24_1_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the view."""
    op.execute(
        "CREATE VIEW release.served_policy AS SELECT encode(policy_sha256, 'hex') AS sha256 FROM gate.installation"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP VIEW release.served_policy")
