"""Lines of confirmed orders that were said to be under their floors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "price_floor_breach",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("source_event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_no", name=op.f("pk_price_floor_breach")),
    )


def downgrade() -> None:
    """Take back; what was said may be said again."""
    op.drop_table("price_floor_breach")
