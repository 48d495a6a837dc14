"""Orders name promotions, points and a contract; quotes say which promotions and points they have."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what the release before writes has none of it."""
    op.add_column("orders", sa.Column("contract_id", sa.Uuid(), nullable=True))
    op.add_column("orders", sa.Column("promotions", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("orders", sa.Column("points", sa.BigInteger(), nullable=True))
    op.add_column("quote_directory", sa.Column("points", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    """Take back; orders say no more which promotions they were sold at."""
    op.drop_column("quote_directory", "points")
    for name in ("points", "promotions", "contract_id"):
        op.drop_column("orders", name)
