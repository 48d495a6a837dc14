"""Names of accounts, titles and numbers of contracts, titles of obligations get keys: what they are searched, matched
and sorted by, whatever their spelling."""

from __future__ import annotations

from alembic import op

from kit.db.key_migrations import (
    add_code_columns,
    add_grams,
    add_key_columns,
    build_code_index,
    build_key_indexes,
    drop_indexes,
)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_NAMES = {"account_directory": ("name",), "contract": ("title", "number"), "obligation": ("title",)}
_CODES = {"contract": "number"}


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    add_grams()
    add_key_columns(*_NAMES)
    add_code_columns(*_CODES)
    with op.get_context().autocommit_block():
        for table, sources in _NAMES.items():
            build_key_indexes(table, "1.1", sources)
        for table, column in _CODES.items():
            build_code_index(table, column)


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for table, column in _CODES.items():
            drop_indexes(table, f"ix_{table}_{column}_folded_id")
    for table in _CODES:
        op.drop_column(table, "is_code_twin")
    for table in _NAMES:
        for column in ("keyed_of", "name_sort", "search_key"):
            op.drop_column(table, column)
    op.execute("DROP FUNCTION text_grams(text)")
