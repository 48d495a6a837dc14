"""Orders keep whether somebody chose their date and their credits; of those written before that is null."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("orders", sa.Column("is_dated", sa.Boolean(), nullable=True))
    op.add_column("orders", sa.Column("is_split", sa.Boolean(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("orders", "is_split")
    op.drop_column("orders", "is_dated")
