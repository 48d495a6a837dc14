"""Targets of rates have a planned denominator, and answers that recommend or not are counted apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_SUMS = ("credit_line", "credit_bucket", "credit_month")


def upgrade() -> None:
    """Apply."""
    op.add_column("target", sa.Column("base", sa.BigInteger(), nullable=True))
    for table in _SUMS:
        op.add_column(table, sa.Column("nps_answers", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Take back."""
    for table in _SUMS:
        op.drop_column(table, "nps_answers")
    op.drop_column("target", "base")
