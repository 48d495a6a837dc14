"""Policies of further kinds: how channels are scored, what roles may take off alone, what prizes may be worth."""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_KINDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE channel_policy DROP CONSTRAINT ck_channel_policy_kind,
  ADD CONSTRAINT ck_channel_policy_kind CHECK (kind IN ({})) NOT VALID
"""
_FIRST = """
INSERT INTO channel_policy (id, kind, version, valid_from, rules, reason, author) VALUES (
    '01900000-0000-7000-8000-000000000c02', 'scoring', 1, '1900-01-01',
    '{"weights": {"coverage": 400000, "efficiency": 400000, "stability": 200000}, "benchmark": 5000000,
      "fund_from": 660000, "hurdle": 100000, "review_below": 330000}',
    'installed', 'system'
), (
    '01900000-0000-7000-8000-000000000c03', 'discount', 1, '1900-01-01',
    '{"sales_rep": 50000, "sales_manager": 150000, "sales_director": 300000, "administrator": 300000}',
    'installed', 'system'
), (
    '01900000-0000-7000-8000-000000000c04', 'draw', 1, '1900-01-01', '{"max_prize": 5000000, "currency": "CNY"}',
    'installed', 'system'
)
"""


def _allow(kinds: str) -> None:
    """Nobody waits while the rows are read: they are checked in a transaction of their own."""
    op.execute(_KINDS.format(kinds))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE channel_policy VALIDATE CONSTRAINT ck_channel_policy_kind")


def upgrade() -> None:
    """Apply."""
    _allow("'conflict', 'scoring', 'discount', 'draw'")
    op.execute(_FIRST)


def downgrade() -> None:
    """Take back; versions of the further kinds are gone with it."""
    op.execute("DELETE FROM channel_policy WHERE kind <> 'conflict'")
    _allow("'conflict'")
