"""Obligations of contracts, and what of orders counts for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BOOKS = """
INSERT INTO obligation_book (id, stream_key, account_id, partner_id, stage, due_at)
SELECT id, stream_key, account_id, partner_id,
       CASE WHEN state = 'draft' THEN 'open' WHEN state IN ('legal_review', 'approved') THEN 'fixed' ELSE 'running' END,
       NULL
FROM contract
"""


def upgrade() -> None:
    """Apply."""
    _add_fulfilment_move()
    _add_obligation_book()
    _add_obligation()
    op.execute(_BOOKS)


def _add_fulfilment_move() -> None:
    op.create_table(
        "fulfilment_move",
        sa.Column("source_event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(day IS NULL) = (kind = 'fulfilled') AND (at IS NULL) <> (day IS NULL)",
            name=op.f("ck_fulfilment_move_day"),
        ),
        sa.CheckConstraint(
            "kind IN ('confirmed', 'fulfilled', 'returned_net', 'returned_gross')", name=op.f("ck_fulfilment_move_kind")
        ),
        sa.PrimaryKeyConstraint("source_event_id", "kind", name=op.f("pk_fulfilment_move")),
    )
    op.create_index("ix_fulfilment_move_contract_id", "fulfilment_move", ["contract_id"])
    op.create_index("ix_fulfilment_move_order_id", "fulfilment_move", ["order_id"])


def _add_obligation_book() -> None:
    op.create_table(
        "obligation_book",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("stage IN ('open', 'fixed', 'running')", name=op.f("ck_obligation_book_stage")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation_book")),
    )
    op.create_index(
        "ix_obligation_book_due_at",
        "obligation_book",
        ["due_at"],
        postgresql_where=sa.text("stage = 'running' AND due_at IS NOT NULL"),
    )


def _add_obligation() -> None:
    op.create_table(
        "obligation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("falls_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("every_months", sa.Integer(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("is_warned", sa.Boolean(), nullable=False),
        sa.Column("late_on", sa.Date(), nullable=True),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("days_late", sa.Integer(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("waived_by", sa.Text(), nullable=True),
        sa.Column("waive_reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(state = 'met') = (met_on IS NOT NULL AND days_late IS NOT NULL)", name=op.f("ck_obligation_met_on")
        ),
        sa.CheckConstraint("(state = 'waived') = (waived_by IS NOT NULL)", name=op.f("ck_obligation_waived_by")),
        sa.CheckConstraint(
            "kind IN ('delivery', 'payment', 'report', 'volume', 'confidentiality')", name=op.f("ck_obligation_kind")
        ),
        sa.CheckConstraint("side IN ('us', 'them')", name=op.f("ck_obligation_side")),
        sa.CheckConstraint("state IN ('pending', 'late', 'met', 'waived')", name=op.f("ck_obligation_state")),
        sa.CheckConstraint("(every_months IS NULL) = (until IS NULL)", name=op.f("ck_obligation_recurrence")),
        sa.CheckConstraint("amount IS NULL OR amount > 0", name=op.f("ck_obligation_amount")),
        sa.ForeignKeyConstraint(
            ["contract_id"], ["obligation_book.id"], name=op.f("fk_obligation_contract_id_obligation_book")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_obligation")),
        sa.UniqueConstraint("series_id", "ordinal", name=op.f("uq_obligation_series_id_ordinal")),
    )
    op.create_index("ix_obligation_contract_id_due_on_id", "obligation", ["contract_id", "due_on", "id"])
    op.create_index("ix_obligation_due_on_id", "obligation", ["due_on", "id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("obligation")
    op.drop_table("obligation_book")
    op.drop_table("fulfilment_move")
