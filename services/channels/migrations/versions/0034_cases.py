"""Cases about orders, for the score of who sold them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what was said of cases before is folded when the projection is filled."""
    op.create_table(
        "case_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "severity", "state")),
        sa.Column("root_cause", sa.Text(), nullable=True),
        sa.Column("remedy_base", sa.BigInteger(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("days_open", sa.Integer(), nullable=False),
        sa.Column("is_breached", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_fact")),
    )
    op.create_index("ix_case_fact_order_id", "case_fact", ["order_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("case_fact")
