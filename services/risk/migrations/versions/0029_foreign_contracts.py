"""Contracts in foreign currencies: exchange rates (filled from the log of customer), and values in base currency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TABLES = ("contract", "contract_version")


def upgrade() -> None:
    """Apply; values of before are in base currency."""
    op.create_table(
        "exchange_rate",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "valid_from", name=op.f("pk_exchange_rate")),
    )
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS exchange_rate text DEFAULT '1' NOT NULL")
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS value_base bigint")


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        op.drop_column(table, "value_base")
        op.drop_column(table, "exchange_rate")
    op.drop_table("exchange_rate")
