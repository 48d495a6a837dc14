"""Products are found by their line in any case."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

INDEX = "ix_product_line_folded_id"


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "product",
            [sa.text('lower(product_line COLLATE "C")'), "id"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="product", postgresql_concurrently=True, if_exists=True)
