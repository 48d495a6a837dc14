"""Marks of indicators name whom they touch; those of the release before touch everybody."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("indicator_mark", sa.Column("is_whole", sa.Boolean(), server_default=sa.true(), nullable=False))
    for name, kind in (("account_ids", sa.Uuid()), ("members", sa.Text())):
        op.add_column("indicator_mark", sa.Column(name, sa.ARRAY(kind), server_default="{}", nullable=False))


def downgrade() -> None:
    """Take back."""
    for name in ("members", "account_ids", "is_whole"):
        op.drop_column("indicator_mark", name)
