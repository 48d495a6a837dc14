"""Targets that somebody told of; filled from the log of targets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "target_directory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_directory")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("target_directory")
