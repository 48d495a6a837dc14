"""Terms are asked back after a time on hold; budgets are exhausted once; broken thresholds are counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

BROKEN = "ix_terms_part_promotion_id_broken"


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    op.add_column("promotion", sa.Column("exhausted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("terms_reservation", sa.Column("released_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "terms_part",
        sa.Column("is_threshold_broken", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_table(
        "terms_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("placement", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_hold")),
    )
    op.create_index("ix_terms_hold_due_at", "terms_hold", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    with op.get_context().autocommit_block():
        op.create_index(
            BROKEN,
            "terms_part",
            ["promotion_id"],
            postgresql_where=sa.text("is_threshold_broken"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index(BROKEN, table_name="terms_part", postgresql_concurrently=True, if_exists=True)
    op.drop_table("terms_hold")
    op.drop_column("terms_part", "is_threshold_broken")
    op.drop_column("terms_reservation", "released_at")
    op.drop_column("promotion", "exhausted_at")
