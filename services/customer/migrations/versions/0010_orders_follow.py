"""Orders that were left behind when their account was handed over follow it now: a job of the new release."""

from __future__ import annotations

from alembic import op

from kit.ids import new_id

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; nobody waits for it, and it goes on where it was after a restart."""
    op.execute(
        f"""
        INSERT INTO job (id, kind, params, requested_by)
        SELECT '{new_id()}', 'orders.follow', '{{}}', 'system' WHERE EXISTS (SELECT FROM orders)
        """
    )


def downgrade() -> None:
    """Take back; orders stay where they are."""
    op.execute("DELETE FROM job WHERE kind IN ('orders.follow', 'accounts.transfer') AND state = 'queued'")
