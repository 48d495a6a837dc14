"""The product lines that targets may be about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "product_directory",
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("product_line", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_product_directory")),
    )
    op.create_index(op.f("ix_product_directory_product_line"), "product_directory", ["product_line"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_product_directory_product_line"), table_name="product_directory")
    op.drop_table("product_directory")
    op.execute("DELETE FROM projection_state WHERE name = 'product_directory'")
