"""Exchange rates that were entered before they had an event are said: they wait from the migration on, as do those that
the release before enters meanwhile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; the index is built beside the traffic."""
    op.add_column(
        "exchange_rate", sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True)
    )
    with op.get_context().autocommit_block():
        build_index(
            "ix_exchange_rate_due_at", "exchange_rate", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
        )


def downgrade() -> None:
    """Take back."""
    op.drop_column("exchange_rate", "due_at")
