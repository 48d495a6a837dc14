"""Sequence of order numbers."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute("CREATE SEQUENCE order_number_seq AS bigint")


def downgrade() -> None:
    """Take back."""
    op.execute("DROP SEQUENCE order_number_seq")
