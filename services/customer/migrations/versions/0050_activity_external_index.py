"""An activity has its id in another system for itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

INDEX = "uq_activity_external_id"


def upgrade() -> None:
    """Apply, beside the traffic."""
    with op.get_context().autocommit_block():
        build_index(
            INDEX,
            "activity",
            ["external_id", "external_source"],
            unique=True,
            postgresql_where=sa.text("external_id IS NOT NULL"),
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="activity", postgresql_concurrently=True, if_exists=True)
