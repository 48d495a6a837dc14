"""Sums of the company that indicators are read from, which whoever reads one first fills; and obligations that are due
after the end of their contract (those of the release before stay waived)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_FAMILY = "family IN ('tally', 'discount', 'sold', 'owed', 'share')"


def upgrade() -> None:
    """Apply."""
    op.add_column("indicator_mark", sa.Column("days", sa.ARRAY(sa.Date()), nullable=True))
    op.add_column("obligation", sa.Column("ended_on", sa.Date(), nullable=True))
    op.create_table(
        "kept_sum",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("total", sa.Numeric(), nullable=False),
        sa.Column("squares", sa.Numeric(), nullable=False),
        sa.Column("groups", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(_FAMILY, name=op.f("ck_kept_sum_family")),
        sa.PrimaryKeyConstraint("family", name=op.f("pk_kept_sum")),
    )
    op.create_table(
        "kept_day",
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(_FAMILY, name=op.f("ck_kept_day_family")),
        sa.PrimaryKeyConstraint("family", "day", "kind", "channel_id", name=op.f("pk_kept_day")),
    )
    op.create_table(
        "kept_share",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_kept_share")),
    )


def downgrade() -> None:
    """Take back."""
    for table in ("kept_share", "kept_day", "kept_sum"):
        op.drop_table(table)
    op.drop_column("obligation", "ended_on")
    op.drop_column("indicator_mark", "days")
