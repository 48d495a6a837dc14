"""An order knows what of it came back: the database keeps the sum, whichever release writes a return."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEEP = """
CREATE OR REPLACE FUNCTION order_return_keep_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE orders o SET returned = r.amount
    FROM (
        SELECT order_id, -sum(gross) AS amount FROM order_return
        WHERE order_id IN (SELECT order_id FROM added) GROUP BY order_id
    ) r
    WHERE o.id = r.order_id;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE OR REPLACE TRIGGER order_return_sum AFTER INSERT ON order_return REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION order_return_keep_sum()
"""
_FILL = """
DO $$
DECLARE ids uuid[]; last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        ids := ARRAY(SELECT DISTINCT order_id FROM order_return WHERE order_id > last ORDER BY order_id LIMIT 1000);
        EXIT WHEN cardinality(ids) = 0;
        -- Whoever returns holds the order: the sums are read once nobody does.
        PERFORM FROM orders WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
        UPDATE orders o SET returned = r.amount
        FROM (SELECT order_id, -sum(gross) AS amount FROM order_return WHERE order_id = ANY (ids) GROUP BY order_id) r
        WHERE o.id = r.order_id;
        last := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Apply; returns that came before are summed a thousand orders at a time, beside the traffic."""
    op.execute("ALTER TABLE orders ADD COLUMN IF NOT EXISTS returned bigint DEFAULT '0' NOT NULL")
    op.execute(_KEEP)
    op.execute(_TRIGGER)
    with op.get_context().autocommit_block():
        op.execute(_FILL)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER IF EXISTS order_return_sum ON order_return")
    op.execute("DROP FUNCTION IF EXISTS order_return_keep_sum()")
    op.execute("ALTER TABLE orders DROP COLUMN IF EXISTS returned")
