"""Commits to targets, and the last day on which they are taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("target", sa.Column("commit_until", sa.Date(), nullable=True))
    op.create_table(
        "target_commit",
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount BETWEEN -10000000000000 AND 10000000000000", name=op.f("ck_target_commit_amount")),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f("fk_target_commit_target_id_target")),
        sa.PrimaryKeyConstraint("target_id", "number", name=op.f("pk_target_commit")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("target_commit")
    op.drop_column("target", "commit_until")
