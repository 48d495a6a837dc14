"""Indicators of product lines, counted from lines of orders, returns and answers; filled from the log of customer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_KINDS = "'placed', 'cancelled', 'confirmed', 'returned', 'promoter', 'detractor', 'answer'"
_BEFORE = "account_id, partner_id, channel_id, target_id, region"
_CHANGE = """
-- widens: what the release before writes names no product line
-- squawk-ignore ban-drop-constraint
ALTER TABLE indicator DROP CONSTRAINT ck_indicator_scope,
  ADD CONSTRAINT ck_indicator_scope CHECK (num_nonnulls({}) <= 1) NOT VALID
"""


def _scope(columns: str) -> None:
    """Nobody waits while the rows are read."""
    op.execute(_CHANGE.format(columns))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE indicator VALIDATE CONSTRAINT ck_indicator_scope")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tally_line",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("product_line", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_tally_line_kind")),
        sa.PrimaryKeyConstraint("event_id", "product_line", "kind", name=op.f("pk_tally_line")),
    )
    op.create_index("ix_tally_line_product_line_kind_day", "tally_line", ["product_line", "kind", "day"])
    op.execute("ALTER TABLE indicator ADD COLUMN IF NOT EXISTS product_line text")
    _scope(f"{_BEFORE}, product_line")


def downgrade() -> None:
    """Take back; indicators of product lines go, and their alerts stay."""
    mine = "(SELECT id FROM indicator WHERE product_line IS NOT NULL)"
    op.execute(f"DELETE FROM indicator_value WHERE indicator_id IN {mine}")
    op.execute(f"DELETE FROM indicator_reading WHERE id IN {mine}")
    op.execute("DELETE FROM indicator WHERE product_line IS NOT NULL")
    _scope(_BEFORE)
    op.drop_column("indicator", "product_line")
    op.drop_table("tally_line")
