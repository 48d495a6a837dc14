"""Who placed what an order was answered for, and of which placement the terms were refused; both come with new
facts."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for name, kind in (("placed_by", "text"), ("terms_refused", "integer")):
        op.execute(f"ALTER TABLE order_credit ADD COLUMN IF NOT EXISTS {name} {kind}")


def downgrade() -> None:
    """Take back."""
    op.drop_column("order_credit", "terms_refused")
    op.drop_column("order_credit", "placed_by")
