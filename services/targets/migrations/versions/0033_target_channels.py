"""Targets, and records of forecasts, may be of a channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_TABLES = ("target", "forecast_backtest")


def upgrade() -> None:
    """Apply; what was begun is done again."""
    for table in _TABLES:
        op.add_column(table, sa.Column("channel_id", sa.Uuid(), nullable=True), if_not_exists=True)


def downgrade() -> None:
    """Take back; targets of a channel are of all channels then."""
    for table in _TABLES:
        op.drop_column(table, "channel_id")
