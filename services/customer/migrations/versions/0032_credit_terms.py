"""Days to pay of accounts, as risk tells them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "credit_terms",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("terms_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_credit_terms")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("credit_terms")
