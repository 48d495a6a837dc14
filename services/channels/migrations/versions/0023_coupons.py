"""Coupons; points that orders redeem, and what quotes, terms and programmes say of both."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_WORDS = {
    ("ledger_account", "bucket"): (
        "'granted', 'reserved', 'committed', 'issued', 'available', 'expired'",
        "'granted', 'reserved', 'committed', 'issued', 'available', 'redeemed', 'expired'",
    ),
    ("points_entry", "kind"): (
        "'earned', 'reversed', 'expired', 'adjusted'",
        "'earned', 'redeemed', 'reversed', 'expired', 'adjusted'",
    ),
    ("terms_reservation", "reason"): (
        "'quote-unknown', 'quote-changed', 'quote-expired', 'promotion-ended', 'below-floor', 'uses-exhausted', "
        "'budget-exhausted'",
        "'quote-unknown', 'quote-changed', 'quote-expired', 'promotion-ended', 'coupon-invalid', 'below-floor', "
        "'uses-exhausted', 'budget-exhausted', 'points-short'",
    ),
}
"""What was allowed, and what is."""
_WIDEN = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column},
  ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({words})) NOT VALID
"""
_CHECKS = {
    ("points_programme", "max_share"): "max_share BETWEEN 0 AND 1000000",
    ("quote", "points"): "(points > 0) = (points_account_id IS NOT NULL)",
}


def _allow(*, is_more: bool) -> None:
    """Nobody waits while the rows are read: they are checked in transactions of their own."""
    for (table, column), words in _WORDS.items():
        op.execute(_WIDEN.format(table=table, column=column, words=words[is_more]))
    with op.get_context().autocommit_block():
        for table, column in _WORDS:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column}")


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _days(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=False) for name in names]


def _zero(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), server_default=sa.text("'0'"), nullable=False)


def _add_coupons() -> None:
    op.create_table(
        "coupon",
        *_ids("id", "promotion_id", "batch_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        *_text("digest", "last_four"),
        *_text("code", nullable=True),
        *_ids("order_id", nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("code IS NULL OR order_id IS NULL", name=op.f("ck_coupon_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coupon")),
        sa.UniqueConstraint("digest", name=op.f("uq_coupon_digest")),
        sa.UniqueConstraint("batch_id", "number", name=op.f("uq_coupon_batch_id_number")),
    )
    op.create_index("ix_coupon_promotion_id_created_at_id", "coupon", ["promotion_id", "created_at", "id"])
    held = sa.text("order_id IS NOT NULL")
    op.create_index("ix_coupon_order_id", "coupon", ["order_id"], postgresql_where=held)


def _add_uses() -> None:
    op.create_table(
        "points_use",
        *_ids("redemption_id"),
        sa.Column("line_no", sa.Integer(), nullable=False),
        *_ids("order_id", "points_account_id"),
        *_numbers("quantity", "points", "returned"),
        sa.CheckConstraint("points >= 0", name=op.f("ck_points_use_points")),
        sa.PrimaryKeyConstraint("redemption_id", "line_no", name=op.f("pk_points_use")),
    )
    op.create_table(
        "points_use_lot",
        *_ids("redemption_id"),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        *_ids("lot_id"),
        *_numbers("points"),
        *_days("earned_on", "usable_from", "expires_on"),
        sa.CheckConstraint("points > 0", name=op.f("ck_points_use_lot_points")),
        sa.PrimaryKeyConstraint("redemption_id", "ordinal", name=op.f("pk_points_use_lot")),
    )


def _add_columns() -> None:
    whole = sa.text("'1000000'")
    op.add_column("points_programme", sa.Column("worth", JSONB(), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("points_programme", sa.Column("max_share", sa.Integer(), server_default=whole, nullable=False))
    ids = sa.ARRAY(sa.Uuid())
    op.add_column("quote", sa.Column("coupon_ids", ids, server_default=sa.text("'{}'"), nullable=False))
    op.add_column("quote", _zero("points"))
    op.add_column("quote", sa.Column("points_account_id", sa.Uuid(), nullable=True))
    op.add_column("quote", _zero("points_value"))
    op.add_column("quote_line", _zero("points_discount"))
    op.add_column("terms_reservation", _zero("points"))
    for (table, name), condition in _CHECKS.items():
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{name} CHECK ({condition}) NOT VALID")
    with op.get_context().autocommit_block():
        for table, name in _CHECKS:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")


def upgrade() -> None:
    """Apply."""
    _add_coupons()
    _add_uses()
    _add_columns()
    _allow(is_more=True)


def downgrade() -> None:
    """Take back; what is booked of redeemed points goes with them, refusals keep the nearest former reason."""
    op.execute("DELETE FROM points_entry WHERE kind = 'redeemed'")
    op.execute(
        "DELETE FROM ledger_entry WHERE unit = 'point' AND txn IN (SELECT e.txn FROM ledger_entry e "
        "JOIN ledger_account a ON a.id = e.account_id WHERE a.unit = 'point' AND a.bucket IN ('reserved', 'redeemed'))"
    )
    op.execute("DELETE FROM ledger_account WHERE unit = 'point' AND bucket IN ('reserved', 'redeemed')")
    op.execute(
        "UPDATE ledger_account a SET balance = coalesce((SELECT sum(e.amount) FROM ledger_entry e "
        "WHERE e.account_id = a.id), 0) WHERE a.unit = 'point'"
    )
    op.execute(
        "UPDATE terms_reservation SET reason = 'uses-exhausted' WHERE reason IN ('coupon-invalid', 'points-short')"
    )
    _allow(is_more=False)
    for table, name in _CHECKS:
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{name}")
    op.drop_column("terms_reservation", "points")
    op.drop_column("quote_line", "points_discount")
    for name in ("points_value", "points_account_id", "points", "coupon_ids"):
        op.drop_column("quote", name)
    op.drop_column("points_programme", "max_share")
    op.drop_column("points_programme", "worth")
    for table in ("points_use_lot", "points_use", "coupon"):
        op.drop_table(table)
