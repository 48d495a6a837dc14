"""How deep discounts are: what was taken off each order, and a measure of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_BEFORE = (
    "'overdue_ratio', 'dso', 'customer_concentration', 'channel_concentration', 'complaint_rate', 'sla_breach_rate', "
    "'obligations_overdue', 'target_shortfall', 'return_rate', 'cancellation_rate', 'refusal_rate', 'satisfaction', "
    "'churn_warnings', 'partner_conflicts', 'floor_breaches'"
)
_WIDEN = """
-- widens: a word is added
-- squawk-ignore ban-drop-constraint
ALTER TABLE indicator DROP CONSTRAINT ck_indicator_measure,
  ADD CONSTRAINT ck_indicator_measure CHECK (measure IN ({})) NOT VALID
"""


def _allow(words: str) -> None:
    """Nobody waits while the rows are read."""
    op.execute(_WIDEN.format(words))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE indicator VALIDATE CONSTRAINT ck_indicator_measure")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tally_discount",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("discount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_tally_discount")),
    )
    op.create_index("ix_tally_discount_day", "tally_discount", ["day"])
    _allow(f"{_BEFORE}, 'discount_depth'")


def downgrade() -> None:
    """Take back; indicators of the measure go, and their alerts stay."""
    op.execute(
        "DELETE FROM indicator_value WHERE indicator_id IN (SELECT id FROM indicator WHERE measure = 'discount_depth')"
    )
    op.execute("DELETE FROM indicator_reading WHERE measure = 'discount_depth'")
    op.execute("DELETE FROM indicator WHERE measure = 'discount_depth'")
    _allow(_BEFORE)
    op.drop_table("tally_discount")
