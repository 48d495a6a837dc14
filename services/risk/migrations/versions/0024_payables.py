"""What is owed to partners: rebates accrued and not paid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "partner_payable_move",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint("kind IN ('accrued', 'adjusted', 'paid')", name=op.f("ck_partner_payable_move_kind")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_partner_payable_move")),
    )
    op.create_index("ix_partner_payable_move_partner_id_day", "partner_payable_move", ["partner_id", "day"])
    op.create_table(
        "partner_payable",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("partner_id", name=op.f("pk_partner_payable")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("partner_payable")
    op.drop_table("partner_payable_move")
