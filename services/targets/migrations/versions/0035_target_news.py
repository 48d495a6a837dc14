"""Where results were credited of late, and which targets are to tell of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_LISTS = (
    ("days", sa.Date()),
    ("member_ids", sa.Uuid()),
    ("unit_ids", sa.Uuid()),
    ("product_lines", sa.Text()),
    ("regions", sa.Text()),
    ("customer_types", sa.Text()),
    ("channel_ids", sa.Uuid()),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "credit_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.ARRAY(kind), nullable=False) for name, kind in _LISTS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_mark")),
    )
    op.create_index("ix_credit_mark_due_at", "credit_mark", ["due_at"])
    op.create_table(
        "target_news",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("base", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_news")),
    )
    op.create_index("ix_target_news_due_at", "target_news", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))


def downgrade() -> None:
    """Take back."""
    op.drop_table("target_news")
    op.drop_table("credit_mark")
    op.execute("DELETE FROM due_failure WHERE name IN ('credit-mark', 'target-news')")
