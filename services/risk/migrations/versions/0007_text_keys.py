"""Names of accounts get keys: what they are searched and matched by, whatever their spelling."""

from __future__ import annotations

from alembic import op

from kit.db.key_migrations import add_grams, add_key_columns, build_key_indexes

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NAMES = {"account_directory": ("name",)}


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    add_grams()
    add_key_columns(*_NAMES)
    with op.get_context().autocommit_block():
        for table, sources in _NAMES.items():
            build_key_indexes(table, "1.1", sources)


def downgrade() -> None:
    """Take back."""
    for table in _NAMES:
        for column in ("keyed_of", "name_sort", "search_key"):
            op.drop_column(table, column)
    op.execute("DROP FUNCTION text_grams(text)")
