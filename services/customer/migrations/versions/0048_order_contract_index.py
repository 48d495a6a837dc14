"""Orders are found by the contract that they fulfil."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

INDEX = "ix_orders_contract_id"


def upgrade() -> None:
    """Apply, beside the traffic."""
    with op.get_context().autocommit_block():
        build_index(INDEX, "orders", ["contract_id"], postgresql_where=sa.text("contract_id IS NOT NULL"))


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="orders", postgresql_concurrently=True, if_exists=True)
