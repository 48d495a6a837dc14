"""Credit lines are found by their account."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INDEX = "ix_credit_line_account_id"


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    with op.get_context().autocommit_block():
        columns = ["account_id", "posting_date", "id"]
        op.create_index(INDEX, "credit_line", columns, postgresql_concurrently=True, if_not_exists=True)


def downgrade() -> None:
    """Take back."""
    op.drop_index(INDEX, "credit_line", if_exists=True)
