"""Orders are told as overdue: the database notes when something begins to be owed of one, whichever release writes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

INDEX = "ix_orders_due_at"
# the day after the last on which it is paid in time begins nowhere earlier than in UTC+14
_FIRST = "((NEW.order_date + NEW.payment_terms_days + 1)::timestamp AT TIME ZONE 'UTC') - interval '14 hours'"
_KEEP = f"""
CREATE OR REPLACE FUNCTION order_keeps_due() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was boolean := OLD.state IN ('confirmed', 'fulfilled', 'closed') AND OLD.gross - OLD.returned - OLD.paid > 0;
    is_owed boolean := NEW.state IN ('confirmed', 'fulfilled', 'closed') AND NEW.gross - NEW.returned - NEW.paid > 0;
BEGIN
    IF is_owed AND NOT was THEN
        NEW.due_at := {_FIRST};
    ELSIF was AND NOT is_owed THEN
        NEW.due_at := NULL;
    END IF;
    RETURN NEW;
END $$
"""
_TRIGGER = """
CREATE OR REPLACE TRIGGER order_due BEFORE UPDATE OF state, gross, returned, paid ON orders
FOR EACH ROW EXECUTE FUNCTION order_keeps_due()
"""
_FILL = f"""
DO $$
DECLARE ids uuid[]; last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        ids := ARRAY(SELECT id FROM orders WHERE state IN ('confirmed', 'fulfilled', 'closed')
            AND gross - returned - paid > 0 AND due_at IS NULL AND id > last ORDER BY id LIMIT 1000);
        EXIT WHEN cardinality(ids) = 0;
        PERFORM FROM orders WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
        UPDATE orders SET due_at = {_FIRST.replace("NEW.", "")}
        WHERE id = ANY (ids) AND state IN ('confirmed', 'fulfilled', 'closed') AND gross - returned - paid > 0;
        last := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Apply; what is owed of orders of before is told when it is overdue, a thousand orders at a time."""
    op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS due_at timestamptz")
    op.execute(_KEEP)
    op.execute(_TRIGGER)
    with op.get_context().autocommit_block():
        op.execute(_FILL)
        op.create_index(
            INDEX,
            "orders",
            ["due_at"],
            postgresql_where=sa.text("due_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="orders", postgresql_concurrently=True, if_exists=True)
    op.execute("DROP TRIGGER IF EXISTS order_due ON orders")
    op.execute("DROP FUNCTION IF EXISTS order_keeps_due()")
    op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS due_at")
