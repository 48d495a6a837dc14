"""Tax ids get keys: one number is one tax id, however it is written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_TO_KEY = "tax_id IS NOT NULL AND tax_id_of IS DISTINCT FROM '1 ' || country || ' ' || tax_id"


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    op.add_column("account", sa.Column("tax_id_key", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("tax_id_of", sa.Text(), nullable=True))
    op.add_column("account", sa.Column("is_tax_id_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    with op.get_context().autocommit_block():
        build_index(
            "uq_account_tax_id_key_country",
            "account",
            ["tax_id_key", "country"],
            unique=True,
            postgresql_where=sa.text("kind = 'organization' AND NOT is_tax_id_twin"),
        )
        build_index("ix_account_tax_id_key", "account", ["tax_id_key"])
        build_index("ix_account_tax_id_to_key", "account", ["id"], postgresql_where=sa.text(_TO_KEY))
        build_index("ix_product_directory_sku_folded", "product_directory", [sa.text('lower(sku COLLATE "C")')])


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        drop_indexes("product_directory", "ix_product_directory_sku_folded")
    for column in ("is_tax_id_twin", "tax_id_of", "tax_id_key"):
        op.drop_column("account", column)
