"""Simulations of policies look at partners too."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TABLE = "risk_policy_simulation_result"
_AFTER = "num_nonnulls(account_id, partner_id, risk_id) = 1 AND (risk_id IS NULL) = (assessment_kind IS NULL)"
_BEFORE = "(account_id IS NULL) <> (risk_id IS NULL) AND (risk_id IS NULL) = (assessment_kind IS NULL)"
_CHANGE = """
-- widens: a result may be a partner's
-- squawk-ignore ban-drop-constraint
ALTER TABLE {table} DROP CONSTRAINT ck_{table}_subject,
  ADD CONSTRAINT ck_{table}_subject CHECK ({check}) NOT VALID
"""


def _check(words: str) -> None:
    """Nobody waits while the rows are read."""
    op.execute(_CHANGE.format(table=_TABLE, check=words))
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE {_TABLE} VALIDATE CONSTRAINT ck_{_TABLE}_subject")


def upgrade() -> None:
    """Apply."""
    op.execute(f"ALTER TABLE {_TABLE} ADD COLUMN IF NOT EXISTS partner_id uuid")
    _check(_AFTER)


def downgrade() -> None:
    """Take back; results of partners go."""
    op.execute(f"DELETE FROM {_TABLE} WHERE partner_id IS NOT NULL")
    _check(_BEFORE)
    op.drop_column(_TABLE, "partner_id")
