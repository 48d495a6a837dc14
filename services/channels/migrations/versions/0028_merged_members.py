"""merged members

Points of members that are one: what a placement redeems of another than its own member stands beside its redemption.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

INDEX = "ix_points_use_main_id"


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    op.add_column("points_use", sa.Column("main_id", sa.Uuid(), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "points_use",
            ["main_id"],
            postgresql_where=sa.text("main_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="points_use", postgresql_concurrently=True, if_exists=True)
    op.drop_column("points_use", "main_id")
