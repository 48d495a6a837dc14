"""What is owed: the rows of orders, and every move with its business day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('confirmed', 'returned', 'paid', 'refunded', 'voided', 'on_account')"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "receivable",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("order_date", sa.Date(), nullable=True),
        sa.Column("terms_days", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("paid", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("open = gross - returned - paid", name=op.f("ck_receivable_open")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_receivable")),
    )
    op.create_index("ix_receivable_account_id_order_id", "receivable", ["account_id", "order_id"])
    op.create_index("ix_receivable_due_on_order_id", "receivable", ["due_on", "order_id"])
    op.create_index("ix_receivable_order_date", "receivable", ["order_date"])
    op.create_index("ix_receivable_open", "receivable", ["due_on", "order_id"], postgresql_where=sa.text("open <> 0"))
    op.create_index(
        "ix_receivable_partner_id", "receivable", ["partner_id"], postgresql_where=sa.text("partner_id IS NOT NULL")
    )
    op.create_table(
        "receivable_move",
        sa.Column("source_event_id", sa.Uuid(), nullable=False),
        sa.Column("source_ordinal", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_receivable_move_kind")),
        sa.CheckConstraint("(order_id IS NULL) = (kind = 'on_account')", name=op.f("ck_receivable_move_order")),
        sa.PrimaryKeyConstraint("source_event_id", "source_ordinal", name=op.f("pk_receivable_move")),
    )
    op.create_index("ix_receivable_move_day_order_id", "receivable_move", ["day", "order_id"])
    op.create_index("ix_receivable_move_order_id", "receivable_move", ["order_id"])
    on_account = sa.text("order_id IS NULL")
    op.create_index(
        "ix_receivable_move_on_account",
        "receivable_move",
        ["account_id", "day", "amount"],
        postgresql_where=on_account,
    )
    op.create_index(
        "ix_receivable_move_payment_id", "receivable_move", ["payment_id", "amount"], postgresql_where=on_account
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("receivable_move")
    op.drop_table("receivable")
