"""The order by which an account became a customer: the database decides at the confirmation, whichever release
confirms."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_DECIDE = """
CREATE OR REPLACE FUNCTION order_decides_first() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE root uuid := (SELECT coalesce(root_id, id) FROM account WHERE id = NEW.account_id);
BEGIN
    -- of two at once one waits for the other: the key is that of what both accounts read as
    INSERT INTO first_order (account_id, order_id) SELECT root, NEW.id WHERE NOT EXISTS (
        SELECT FROM account m JOIN first_order f ON f.account_id = m.id WHERE m.id = root OR m.root_id = root
    ) ON CONFLICT (account_id) DO NOTHING;
    NEW.is_first_order := FOUND;
    RETURN NEW;
END $$
"""
_TRIGGER = """
CREATE OR REPLACE TRIGGER order_first BEFORE UPDATE OF state ON orders
FOR EACH ROW WHEN (NEW.state = 'confirmed' AND OLD.state IN ('placed', 'on_hold'))
EXECUTE FUNCTION order_decides_first()
"""
_FILL = """
INSERT INTO first_order (account_id, order_id)
SELECT DISTINCT ON (coalesce(a.root_id, a.id)) coalesce(a.root_id, a.id), o.id
FROM orders o JOIN account a ON a.id = o.account_id
WHERE o.state IN ('confirmed', 'fulfilled', 'closed')
ORDER BY coalesce(a.root_id, a.id), o.order_date, o.placed_at, o.id
ON CONFLICT (account_id) DO NOTHING
"""
_MARK = """
DO $$
DECLARE ids uuid[]; last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        ids := ARRAY(SELECT order_id FROM first_order WHERE order_id > last ORDER BY order_id LIMIT 1000);
        EXIT WHEN cardinality(ids) = 0;
        PERFORM FROM orders WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
        UPDATE orders SET is_first_order = true WHERE id = ANY (ids) AND is_first_order IS DISTINCT FROM true;
        last := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Apply; of orders of before the earliest that was confirmed is the first, of the others nothing is said."""
    op.create_table(
        "first_order",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_first_order")),
    )
    op.create_index("ix_first_order_order_id", "first_order", ["order_id"], unique=True)
    op.add_column("orders", sa.Column("is_first_order", sa.Boolean(), nullable=True))
    for statement in (_DECIDE, _TRIGGER):
        op.execute(statement)
    with op.get_context().autocommit_block():
        op.execute(_FILL)
        op.execute(_MARK)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER IF EXISTS order_first ON orders")
    op.execute("DROP FUNCTION IF EXISTS order_decides_first()")
    op.drop_column("orders", "is_first_order")
    op.drop_table("first_order")
