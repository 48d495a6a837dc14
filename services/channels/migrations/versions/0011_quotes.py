"""Quotes with their lines, parts and traces; standing approvals of prices."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _owned() -> list[sa.Column[Any]]:
    now = sa.text("now()")
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False) for name in _TIMES),
    ]


_TIMES = ("created_at", "updated_at")


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _amounts(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _documents(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False) for name in names]


def _lists(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.ARRAY(sa.Text()), nullable=False) for name in names]


def _add_quotes() -> None:
    op.execute("CREATE SEQUENCE quote_number_seq AS bigint")
    states = "'pending_approval', 'issued', 'accepted', 'expired', 'withdrawn', 'rejected'"
    op.create_table(
        "quote",
        *_owned(),
        *_text("number"),
        *_numbers("revision"),
        *_ids("stream_key", "account_id"),
        *_ids("partner_id", "channel_id", "owner_id", nullable=True),
        *_text("state"),
        sa.Column("quote_date", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        *_numbers("payment_terms_days"),
        *_text("currency", "exchange_rate"),
        *_amounts("gross", "discount", "net", "net_base"),
        *_amounts("cost_base", nullable=True),
        *_lists("gifts", "declined", "approvals"),
        *_text("written_by"),
        *_text("decided_by", nullable=True),
        *_text("decision_note"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_quote_state")),
        sa.CheckConstraint("gross = discount + net", name=op.f("ck_quote_net")),
        sa.CheckConstraint("due_at IS NULL OR state IN ('pending_approval', 'issued')", name=op.f("ck_quote_due_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quote")),
        sa.UniqueConstraint("number", name=op.f("uq_quote_number")),
    )
    op.create_index("ix_quote_quote_date_id", "quote", ["quote_date", "id"])
    op.create_index("ix_quote_account_id_quote_date_id", "quote", ["account_id", "quote_date", "id"])
    op.create_index("ix_quote_owner_id_quote_date_id", "quote", ["owner_id", "quote_date", "id"])
    op.create_index("ix_quote_due_at", "quote", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))


def _add_content() -> None:
    op.create_table(
        "quote_line",
        *_ids("quote_id"),
        *_numbers("revision", "line_no"),
        *_text("sku", "product_line"),
        sa.Column("is_gift", sa.Boolean(), nullable=False),
        *_numbers("quantity"),
        *_amounts("list_price", "unit_price", "discount", "manual_discount"),
        *_text("reason"),
        *_amounts("net", "net_base", "floor"),
        *_amounts("unit_cost_base", nullable=True),
        *_lists("approvals"),
        *_ids("approval_id", nullable=True),
        *_documents("steps"),
        sa.CheckConstraint(
            "quantity * unit_price = discount + net AND net >= 0 AND discount >= 0", name=op.f("ck_quote_line_net")
        ),
        sa.PrimaryKeyConstraint("quote_id", "revision", "line_no", name=op.f("pk_quote_line")),
    )
    op.create_table(
        "quote_part",
        *_ids("quote_id"),
        *_numbers("revision", "line_no"),
        *_ids("promotion_id"),
        *_text("code"),
        *_numbers("promotion_version"),
        *_amounts("discount", "discount_base"),
        sa.CheckConstraint("discount >= 0 AND discount_base >= 0", name=op.f("ck_quote_part_discount")),
        sa.PrimaryKeyConstraint("quote_id", "revision", "line_no", "promotion_id", name=op.f("pk_quote_part")),
    )
    op.create_table(
        "quote_trace",
        *_ids("quote_id"),
        *_numbers("revision"),
        *_documents("not_applied", "offered"),
        sa.PrimaryKeyConstraint("quote_id", "revision", name=op.f("pk_quote_trace")),
    )


def _add_approvals() -> None:
    op.create_table(
        "price_approval",
        *_owned(),
        *_ids("account_id", "partner_id", nullable=True),
        *_ids("stream_key"),
        *_text("sku", "currency"),
        *_amounts("min_unit_net"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        *_text("state", "granted_by"),
        sa.CheckConstraint("state IN ('granted', 'withdrawn')", name=op.f("ck_price_approval_state")),
        sa.CheckConstraint("(account_id IS NULL) <> (partner_id IS NULL)", name=op.f("ck_price_approval_holder")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_price_approval_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_approval")),
    )
    op.create_index("ix_price_approval_valid_from_id", "price_approval", ["valid_from", "id"])
    op.create_index("ix_price_approval_sku", "price_approval", ["sku"], postgresql_where=sa.text("state = 'granted'"))


def upgrade() -> None:
    """Apply."""
    _add_quotes()
    _add_content()
    _add_approvals()


def downgrade() -> None:
    """Take back."""
    for table in ("price_approval", "quote_trace", "quote_part", "quote_line", "quote"):
        op.drop_table(table)
    op.execute("DROP SEQUENCE quote_number_seq")
