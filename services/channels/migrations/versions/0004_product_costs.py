"""Unit, status, launch and dated costs of products."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATUS = """
ALTER TABLE product ADD COLUMN status text DEFAULT 'active' NOT NULL
    CONSTRAINT ck_product_status CHECK (status IN ('planned', 'active', 'phasing_out', 'discontinued'))
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "product_cost",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("direct_base", sa.BigInteger(), nullable=False),
        sa.Column("indirect_base", sa.BigInteger(), nullable=False),
        sa.Column("indirect_share", sa.Integer(), nullable=True),
        sa.Column("unit_cost_base", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("unit_cost_base = direct_base + indirect_base", name=op.f("ck_product_cost_unit_cost_base")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_cost")),
        sa.UniqueConstraint("sku", "valid_from", name=op.f("uq_product_cost_sku_valid_from")),
    )
    op.create_index("ix_product_cost_valid_from_id", "product_cost", ["valid_from", "id"], unique=False)
    op.add_column("product", sa.Column("unit", sa.Text(), server_default="piece", nullable=False))
    op.execute(_STATUS)
    op.add_column("product", sa.Column("launch_date", sa.Date(), nullable=True))
    op.add_column(
        "product", sa.Column("costs", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False)
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("product", "costs")
    op.drop_column("product", "launch_date")
    op.drop_column("product", "status")
    op.drop_column("product", "unit")
    op.drop_index("ix_product_cost_valid_from_id", table_name="product_cost")
    op.drop_table("product_cost")
