"""Merges of accounts as customer tells them, where accounts lead, and under which account a decision was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "account_redirect",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("merge_id", name=op.f("pk_account_redirect")),
    )
    for name in ("survivor_id", "merged_id"):
        op.create_index(f"ix_account_redirect_{name}", "account_redirect", [name], postgresql_where=sa.text("stands"))
    op.create_table(
        "account_root",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_root")),
    )
    op.create_index("ix_account_root_root_id", "account_root", ["root_id"])
    op.execute("ALTER TABLE credit_decision ADD COLUMN IF NOT EXISTS decided_under uuid")


def downgrade() -> None:
    """Take back."""
    op.drop_column("credit_decision", "decided_under")
    op.drop_table("account_root")
    op.drop_table("account_redirect")
