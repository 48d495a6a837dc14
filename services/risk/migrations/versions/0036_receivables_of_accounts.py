"""What is owed of an account's orders is read from an index alone: reading orders at random, a chunk of accounts costs
as much as all of them."""

from __future__ import annotations

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_TABLE, _BEFORE, _AFTER = "receivable", "ix_receivable_account_id_order_id", "ix_receivable_of_account"
_COLUMNS, _BESIDE = ["account_id", "order_id"], ["order_date", "due_on"]


def upgrade() -> None:
    """Apply; nobody waits while an index is built."""
    with op.get_context().autocommit_block():
        op.create_index(
            _AFTER,
            _TABLE,
            _COLUMNS,
            postgresql_include=_BESIDE,
            postgresql_concurrently=True,
            if_not_exists=True,
        )
        op.drop_index(_BEFORE, table_name=_TABLE, postgresql_concurrently=True, if_exists=True)


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.create_index(_BEFORE, _TABLE, _COLUMNS, postgresql_concurrently=True, if_not_exists=True)
        op.drop_index(_AFTER, table_name=_TABLE, postgresql_concurrently=True, if_exists=True)
