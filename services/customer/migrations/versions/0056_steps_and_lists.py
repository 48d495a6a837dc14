"""Steps of orders are written by one statement for all that a statement adds; lists of cases by number and receipt, and
of opportunities by name, go by an index of each owner."""

from __future__ import annotations

from typing import Final

from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

INDEXES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "service_case": tuple(
        (owner, column, "id")
        for owner in ("account_owner_id", "owner_id", "second_owner_id")
        for column in ("number", "received_at")
    ),
    "opportunity": (("account_owner_id", "name_sort", "id"),),
}
_STEPS = """
CREATE OR REPLACE FUNCTION order_steps_of_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO order_step (id, account_id, order_id, state, placement, order_date, at)
    SELECT md5(concat_ws(' ', o.id, o.placement, o.state))::uuid, o.account_id, o.id, o.state, o.placement,
        o.order_date, o.updated_at
    FROM added o
    ON CONFLICT (id) DO NOTHING;
    RETURN NULL;
END $$
"""
_AT_ONCE = """
-- widens: it writes what the trigger of that name wrote and refuses nothing
CREATE OR REPLACE TRIGGER order_steps_added AFTER INSERT ON orders
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION order_steps_of_added()
"""
_ONE_BY_ONE = """
CREATE OR REPLACE TRIGGER order_steps_added AFTER INSERT ON orders
FOR EACH ROW EXECUTE FUNCTION order_steps()
"""


def _named(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"


def upgrade() -> None:
    """Apply; the trigger is replaced in one moment, the indexes are built beside the traffic."""
    op.execute(_STEPS)
    op.execute(_AT_ONCE)
    with op.get_context().autocommit_block():
        for table, indexes in INDEXES.items():
            for columns in indexes:
                build_index(_named(table, columns), table, list(columns))


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for table, indexes in INDEXES.items():
            drop_indexes(table, *(_named(table, columns) for columns in indexes))
    op.execute(_ONE_BY_ONE)
    op.execute("DROP FUNCTION IF EXISTS order_steps_of_added()")
