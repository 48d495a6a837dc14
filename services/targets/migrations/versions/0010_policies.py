"""The policy of targets, and its version 1: it holds from the first day on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_INSTALL = """
INSERT INTO target_policy (id, valid_from, approval, over_assignment_max, close_after_days, reason, author)
VALUES ('01989f2e-0000-7000-8000-000000000001', '1900-01-01', 'off', 0, 10, 'Installed', 'system')
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "target_policy",
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("approval", sa.Text(), nullable=False),
        sa.Column("over_assignment_max", sa.BigInteger(), nullable=False),
        sa.Column("close_after_days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.CheckConstraint("approval IN ('off', 'required')", name=op.f("ck_target_policy_approval")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_policy")),
        sa.UniqueConstraint("version", name=op.f("uq_target_policy_version")),
    )
    op.execute(_INSTALL)


def downgrade() -> None:
    """Take back."""
    op.drop_table("target_policy")
