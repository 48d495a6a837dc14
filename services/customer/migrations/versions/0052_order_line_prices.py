"""Lines keep what their discount is in base currency, and what their quote says a piece costs by the list."""

from __future__ import annotations

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("ALTER TABLE order_line ADD COLUMN IF NOT EXISTS list_price bigint")
    op.execute("ALTER TABLE order_line ADD COLUMN IF NOT EXISTS discount_base bigint")


def downgrade() -> None:
    """Take back."""
    op.execute("ALTER TABLE order_line DROP COLUMN discount_base")
    op.execute("ALTER TABLE order_line DROP COLUMN list_price")
