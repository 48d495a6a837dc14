"""Money that waits for an order covers that order alone; its rows are filled from the log of customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "waiting_deposit",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_waiting_deposit_amount")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("pk_waiting_deposit")),
    )
    op.create_index(
        "ix_waiting_deposit_account_id",
        "waiting_deposit",
        ["account_id"],
        postgresql_where=sa.text("is_waiting AND amount > 0"),
    )
    for name in ("named", "named_elsewhere"):
        op.execute(f"ALTER TABLE credit_decision ADD COLUMN IF NOT EXISTS {name} bigint DEFAULT 0 NOT NULL")


def downgrade() -> None:
    """Take back."""
    op.drop_column("credit_decision", "named_elsewhere")
    op.drop_column("credit_decision", "named")
    op.drop_table("waiting_deposit")
