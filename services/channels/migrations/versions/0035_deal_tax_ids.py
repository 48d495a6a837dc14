"""Claims of any state are found by the tax id of their end customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

INDEX = "ix_deal_tax_id_hash"


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "deal",
            ["tax_id_hash"],
            postgresql_where=sa.text("tax_id_hash IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="deal", postgresql_concurrently=True, if_exists=True)
