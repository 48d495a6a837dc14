"""A code is one code in upper and lower case: no new twins."""

from __future__ import annotations

from alembic import op

from kit.db.key_migrations import drop_indexes, forbid_code_twins

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CODES = {"contract": "number"}


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    with op.get_context().autocommit_block():
        for table, column in _CODES.items():
            forbid_code_twins(table, column)


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for table, column in _CODES.items():
            drop_indexes(table, f"uq_{table}_{column}_folded")
