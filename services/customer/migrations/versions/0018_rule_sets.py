"""Rule sets, and the labels that they give to accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rule_set",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("axis", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), nullable=False),
        sa.Column("fallback", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set")),
        sa.UniqueConstraint("axis", "number", name=op.f("uq_rule_set_axis_number")),
    )
    op.create_index("ix_rule_set_created_at_id", "rule_set", ["created_at", "id"])
    op.create_table(
        "account_label",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("axis", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("rule", sa.Integer(), nullable=True),
        sa.Column("rule_set_id", sa.Uuid(), nullable=False),
        sa.Column("known", postgresql.JSONB(), nullable=False),
        sa.Column("labelled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "axis", name=op.f("pk_account_label")),
    )
    op.create_index("ix_account_label_axis_label_account_id", "account_label", ["axis", "label", "account_id"])


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM job WHERE kind = 'rule-sets.run' AND state = 'queued'")
    op.drop_table("account_label")
    op.drop_table("rule_set")
