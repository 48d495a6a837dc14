"""A return says what it settles of its order; what an order was paid in base currency no longer ends at its gross."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PAID = """
-- widens: an upper bound goes
-- squawk-ignore ban-drop-constraint
ALTER TABLE orders DROP CONSTRAINT ck_orders_paid, ADD CONSTRAINT ck_orders_paid CHECK ({}) NOT VALID
"""
_SETTLED = """
-- widens: what is bounded is a column of its own, empty in rows of the release before
ALTER TABLE order_return ADD COLUMN IF NOT EXISTS settled_base bigint,
  -- squawk-ignore ban-drop-constraint
  DROP CONSTRAINT IF EXISTS ck_order_return_settled,
  ADD CONSTRAINT ck_order_return_settled CHECK (settled_base >= 0) NOT VALID
"""


def _validate(table: str, name: str) -> None:
    """Nobody waits while the rows are read: they are checked in a transaction of their own."""
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def upgrade() -> None:
    """Apply; returns that the release before still books settle the whole of their gross amount, as they did."""
    op.execute(_SETTLED)
    op.execute(_PAID.format("paid BETWEEN 0 AND gross"))
    _validate("order_return", "ck_order_return_settled")
    _validate("orders", "ck_orders_paid")


def downgrade() -> None:
    """Take back; refused once an order was paid more, in base currency, than its gross amount."""
    op.execute("ALTER TABLE order_return DROP COLUMN IF EXISTS settled_base")
    op.execute(_PAID.format("paid BETWEEN 0 AND gross AND paid_base BETWEEN 0 AND gross_base"))
    _validate("orders", "ck_orders_paid")
