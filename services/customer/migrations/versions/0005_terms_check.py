"""A placement may be checked for terms beside credit: read from now on, asked for in a later release."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_WORDS = """
-- widens: a word is added
-- squawk-ignore ban-drop-constraint
ALTER TABLE order_check DROP CONSTRAINT ck_order_check_kind, ADD CONSTRAINT ck_order_check_kind CHECK ({}) NOT VALID
"""


def _allow(condition: str) -> None:
    """Nobody waits while the rows are read: they are checked in a transaction of their own."""
    op.execute(_WORDS.format(condition))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE order_check VALIDATE CONSTRAINT ck_order_check_kind")


def upgrade() -> None:
    """Apply; the release before writes only what both allow."""
    _allow("kind IN ('credit', 'terms')")


def downgrade() -> None:
    """Take back; refused once a placement was checked for terms."""
    _allow("kind IN ('credit')")
