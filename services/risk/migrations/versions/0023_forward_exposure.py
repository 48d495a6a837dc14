"""Opportunities, for forward exposure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "pipeline_opportunity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("expected_close", sa.Date(), nullable=True),
        sa.Column("forecast_category", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name=op.f("ck_pipeline_opportunity_state")),
        sa.CheckConstraint(
            "forecast_category IN ('commit', 'best_case', 'pipeline', 'omitted', 'closed')",
            name=op.f("ck_pipeline_opportunity_forecast_category"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline_opportunity")),
    )
    op.create_index(
        "ix_pipeline_opportunity_open",
        "pipeline_opportunity",
        ["account_id", "expected_close"],
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("pipeline_opportunity")
