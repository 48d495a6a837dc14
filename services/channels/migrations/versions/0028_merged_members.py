"""Points of members that are one: what a placement redeems of another than its own stands beside its redemption."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    op.add_column("points_use", sa.Column("main_id", sa.Uuid(), nullable=True))
    with op.get_context().autocommit_block():
        build_index("ix_points_use_main_id", "points_use", ["main_id"], postgresql_where=sa.text("main_id IS NOT NULL"))


def downgrade() -> None:
    """Take back; what was redeemed beside is of no placement then."""
    with op.get_context().autocommit_block():
        drop_indexes("points_use", "ix_points_use_main_id")
    op.drop_column("points_use", "main_id")
