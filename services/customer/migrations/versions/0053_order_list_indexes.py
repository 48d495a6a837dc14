"""Lists of a seller's own orders are read in their order, whichever it is, and what is still to be worked at once."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

_OPEN: Final = sa.text("state IN ('draft', 'placed', 'on_hold')")
INDEXES: Final[dict[str, tuple[list[str], dict[str, Any]]]] = {
    "ix_orders_owner_id_order_date_id": (["owner_id", "order_date", "id"], {}),
    "ix_orders_owner_id_gross_base_id": (["owner_id", "gross_base", "id"], {}),
    "ix_orders_owner_id_state_created_at_id": (
        ["owner_id", "state", "created_at", "id"],
        {"postgresql_where": _OPEN},
    ),
}


def upgrade() -> None:
    """Apply, beside the traffic."""
    with op.get_context().autocommit_block():
        for name, (columns, options) in INDEXES.items():
            build_index(name, "orders", columns, **options)


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.drop_index(name, table_name="orders", postgresql_concurrently=True, if_exists=True)
