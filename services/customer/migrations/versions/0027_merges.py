"""Merges of accounts, and where an account leads that was merged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit.db.key_migrations import build_index

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_COLUMNS = ("merged_into", "merge_id", "root_id")
_INDEXED = ("merged_into", "root_id")


def upgrade() -> None:
    """Apply."""
    for name in _COLUMNS:
        op.execute(f"ALTER TABLE account ADD COLUMN IF NOT EXISTS {name} uuid")
    op.create_table(
        "account_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
        sa.Column("merged_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("merged_by", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unmerged_by", sa.Text(), nullable=True),
        sa.Column("unmerged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("journal", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("state IN ('merged', 'unmerged')", name=op.f("ck_account_merge_state")),
        sa.CheckConstraint("survivor_id <> merged_id", name=op.f("ck_account_merge_of_two")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_merge")),
    )
    standing = sa.text("state = 'merged'")
    op.create_index("uq_account_merge_standing", "account_merge", ["merged_id"], unique=True, postgresql_where=standing)
    for name in ("survivor_id", "merged_id"):
        op.create_index(f"ix_account_merge_{name}_created_at_id", "account_merge", [name, "created_at", "id"])
    op.create_index("ix_account_merge_created_at_id", "account_merge", ["created_at", "id"])
    with op.get_context().autocommit_block():
        for name in _INDEXED:
            build_index(f"ix_account_{name}", "account", [name], postgresql_where=sa.text(f"{name} IS NOT NULL"))
        build_index("ix_account_leads_to", "account", [sa.text("coalesce(root_id, id)")])


def downgrade() -> None:
    """Take back; accounts that were merged stand for themselves again."""
    op.drop_table("account_merge")
    for name in _COLUMNS:
        op.drop_column("account", name)
