"""Splits of resolved conflicts, where merged accounts lead, and why an order is credited as it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

INDEX = "ix_credited_order_account_id_order_date"


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    with op.get_context().autocommit_block():
        columns = ["account_id", "order_date"]
        op.create_index(INDEX, "credited_order", columns, postgresql_concurrently=True, if_not_exists=True)
    op.execute("ALTER TABLE credited_order ADD COLUMN IF NOT EXISTS reason text")
    op.create_table(
        "crediting_split",
        sa.Column("conflict_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("member_shares", postgresql.JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("conflict_id", name=op.f("pk_crediting_split")),
    )
    op.create_index("ix_crediting_split_account_id", "crediting_split", ["account_id"])
    op.create_table(
        "account_redirect",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("merge_id", name=op.f("pk_account_redirect")),
    )
    for name in ("survivor_id", "merged_id"):
        op.create_index(f"ix_account_redirect_{name}", "account_redirect", [name], postgresql_where=sa.text("stands"))
    op.create_table(
        "account_root",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account_root")),
    )
    op.create_index("ix_account_root_root_id", "account_root", ["root_id"])


def downgrade() -> None:
    """Take back."""
    for table in ("account_root", "account_redirect", "crediting_split"):
        op.drop_table(table)
    op.drop_column("credited_order", "reason")
    op.drop_index(INDEX, "credited_order", if_exists=True)
