"""The channels that results may be asked of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "channel_directory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_directory")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("channel_directory")
    op.execute("DELETE FROM projection_state WHERE name = 'channel_directory'")
