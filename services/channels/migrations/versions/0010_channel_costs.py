"""Costs of channels."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('staff', 'rent', 'marketing', 'logistics', 'commission', 'platform_fee', 'other')"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel_cost",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_base", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(_KINDS, name=op.f("ck_channel_cost_kind")),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_channel_cost_month")),
        sa.CheckConstraint("amount_base >= 0", name=op.f("ck_channel_cost_amount_base")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_cost")),
        sa.UniqueConstraint("channel_id", "month", "kind", name=op.f("uq_channel_cost_channel_id_month_kind")),
    )
    op.create_index("ix_channel_cost_month_id", "channel_cost", ["month", "id"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_channel_cost_month_id", table_name="channel_cost")
    op.drop_table("channel_cost")
