"""Checks of targets, and whether the policy asks for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_POLICY = """
ALTER TABLE target_policy ADD COLUMN IF NOT EXISTS checks text NOT NULL DEFAULT 'advise'
CONSTRAINT ck_target_policy_checks CHECK (checks IN ('advise', 'required'))
"""


def upgrade() -> None:
    """Apply."""
    op.execute(_POLICY)
    op.create_table(
        "target_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("target_version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("formula_version", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("overrides", postgresql.JSONB(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cause IN ('asked', 'proposed', 'approved')", name=op.f("ck_target_check_cause")),
        sa.CheckConstraint(
            "verdict IN ('pass', 'insufficient_data', 'warn', 'fail')", name=op.f("ck_target_check_verdict")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_check")),
    )
    op.create_index("ix_target_check_target_id_recorded_at_id", "target_check", ["target_id", "recorded_at", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("target_check")
    op.drop_column("target_policy", "checks")
