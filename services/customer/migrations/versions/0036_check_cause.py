"""A check of a placement keeps the cause of its answer beside the closed word of its reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; checks answered before have none."""
    op.add_column("order_check", sa.Column("cause", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back; answers keep their reasons only."""
    op.drop_column("order_check", "cause")
