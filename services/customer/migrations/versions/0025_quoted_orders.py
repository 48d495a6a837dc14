"""An order may be made from a quote; a placement says how the company holds it with prices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

INDEX = "ix_orders_quote_id"
_WORDS = """
-- widens: what is bounded is a column of this release, empty in rows of the release before
ALTER TABLE orders ADD CONSTRAINT ck_orders_price_policy CHECK (price_policy IN ('free', 'enforced')) NOT VALID
"""


def upgrade() -> None:
    """Apply; nobody waits while rows are read or an index is built."""
    op.add_column("orders", sa.Column("quote_id", sa.Uuid(), nullable=True))
    op.add_column("orders", sa.Column("price_policy", sa.Text(), nullable=True))
    op.execute(_WORDS)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_price_policy")
        op.create_index(
            INDEX,
            "orders",
            ["quote_id"],
            postgresql_where=sa.text("quote_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back; orders no longer say which quote they were made from."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="orders", postgresql_concurrently=True, if_exists=True)
    op.drop_column("orders", "price_policy")
    op.drop_column("orders", "quote_id")
