"""Costs, prices of competitors and approvals are found by a sku in any case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = ("product_cost", "competitor_price", "price_approval")


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    with op.get_context().autocommit_block():
        for table in _TABLES:
            op.create_index(
                f"ix_{table}_sku_folded_id",
                table,
                [sa.text('lower(sku COLLATE "C")'), "id"],
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for table in _TABLES:
            op.drop_index(f"ix_{table}_sku_folded_id", table_name=table, postgresql_concurrently=True, if_exists=True)
