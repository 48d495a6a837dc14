"""Names and codes get keys: what they are searched, matched and sorted by, whatever their spelling."""

from __future__ import annotations

from alembic import op

from kit.db.key_migrations import (
    add_code_columns,
    add_grams,
    add_key_columns,
    build_code_index,
    build_index,
    build_key_indexes,
    drop_indexes,
)

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_NAMES = {
    "partner": ("name", "code"),
    "price_book": ("name", "code"),
    "product": ("name", "sku"),
    "rebate_programme": ("name",),
}
_CODES = {"partner": "code", "price_book": "code", "product": "sku"}
_BEFORE = {
    "ix_partner_name_id": ("partner", ["name", "id"]),
    "ix_product_name_id": ("product", ["name", "id"]),
    "ix_rebate_programme_name_id": ("rebate_programme", ["name", "id"]),
}


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
        for name, (table, _) in _BEFORE.items():
            drop_indexes(table, name)


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for table, column in _CODES.items():
            drop_indexes(table, f"ix_{table}_{column}_folded_id")
        for name, (table, columns) in _BEFORE.items():
            build_index(name, table, columns)
    for table in _CODES:
        op.drop_column(table, "is_code_twin")
    for table in _NAMES:
        for column in ("keyed_of", "name_sort", "search_key"):
            op.drop_column(table, column)
    op.execute("DROP FUNCTION text_grams(text)")
