"""Names of accounts and contacts get keys: what they are searched, matched and sorted by, whatever their spelling."""

from __future__ import annotations

from alembic import op

from kit.db.key_migrations import add_grams, add_key_columns, build_index, build_key_indexes, drop_indexes

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NAMES = {"account": ("name", "local_name"), "contact": ("name",)}
_OWNERS = {"account": "owner_id", "contact": "account_id"}
_BEFORE = {
    "ix_account_name_id": ("account", ["name", "id"]),
    "ix_account_owner_id_name_id": ("account", ["owner_id", "name", "id"]),
    "ix_contact_name_id": ("contact", ["name", "id"]),
    "ix_contact_account_id_name_id": ("contact", ["account_id", "name", "id"]),
}


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    add_grams()
    add_key_columns(*_NAMES)
    with op.get_context().autocommit_block():
        for table, sources in _NAMES.items():
            build_key_indexes(table, "1.1", sources, _OWNERS[table])
        for name, (table, _) in _BEFORE.items():
            drop_indexes(table, name)


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for name, (table, columns) in _BEFORE.items():
            build_index(name, table, columns)
    for table in _NAMES:
        for column in ("keyed_of", "name_sort", "search_key"):
            op.drop_column(table, column)
    op.execute("DROP FUNCTION text_grams(text)")
