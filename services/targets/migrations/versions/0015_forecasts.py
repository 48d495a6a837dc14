"""What the backtests of the forecasts found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "forecast_backtest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("scope_key", sa.Text(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("member_id", sa.Uuid(), nullable=True),
        sa.Column("product_line", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("customer_type", sa.Text(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("formula_version", sa.Integer(), nullable=False),
        sa.Column("sample_size", sa.BigInteger(), nullable=False),
        sa.Column("levels", postgresql.JSONB(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("serves", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('week', 'month', 'quarter', 'half_year', 'year')", name=op.f("ck_forecast_backtest_kind")
        ),
        sa.CheckConstraint("serves IN ('daily', 'share')", name=op.f("ck_forecast_backtest_serves")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_backtest")),
    )
    op.create_index("ix_forecast_backtest_scope", "forecast_backtest", ["scope_key", "metric", "kind", "as_of"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("forecast_backtest")
