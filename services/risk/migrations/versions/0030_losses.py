"""Losses with customers and cases: what remedies did cost, and which accounts left; filled from the log of customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_remedy",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_remedy")),
    )
    op.create_index("ix_case_remedy_day", "case_remedy", ["day"], postgresql_where=sa.text("cost > 0"))
    op.create_table(
        "churned_account",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "day", name=op.f("pk_churned_account")),
    )
    op.create_index("ix_churned_account_day", "churned_account", ["day"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("churned_account")
    op.drop_table("case_remedy")
