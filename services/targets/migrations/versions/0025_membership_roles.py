"""Memberships have a role and a share of the time; those of earlier releases have the role of their member."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("membership", sa.Column("role", sa.Text(), nullable=True))
    op.add_column("membership", sa.Column("capacity", sa.Integer(), server_default="1000000", nullable=False))


def downgrade() -> None:
    """Take back."""
    op.drop_column("membership", "capacity")
    op.drop_column("membership", "role")
