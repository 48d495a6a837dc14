"""A cancelled order gives its external id back, and keeps it as the former one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDEX = "ix_orders_former_external_id"


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    op.add_column("orders", sa.Column("former_external_source", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("former_external_id", sa.Text(), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "orders",
            ["former_external_id", "former_external_source"],
            postgresql_where=sa.text("former_external_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back; ids that were given back stay free."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="orders", postgresql_concurrently=True, if_exists=True)
    op.drop_column("orders", "former_external_id")
    op.drop_column("orders", "former_external_source")
