"""What payments allocate to orders, and orders that take no cash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "order_cash",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('paid', 'refunded', 'voided')", name=op.f("ck_order_cash_kind")),
        sa.PrimaryKeyConstraint("event_id", "ordinal", name=op.f("pk_order_cash")),
    )
    op.create_index("ix_order_cash_order_id", "order_cash", ["order_id"])
    op.create_table(
        "freed_order",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_freed_order")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("freed_order")
    op.drop_table("order_cash")
    op.execute("DELETE FROM projection_state WHERE name = 'order_cash'")
