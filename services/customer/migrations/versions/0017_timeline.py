"""Timelines of accounts: steps of orders as the database sees them, and whose returns and refunds are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_STEP = """
CREATE OR REPLACE FUNCTION order_step_of(o orders) RETURNS void LANGUAGE sql AS $$
    INSERT INTO order_step (id, account_id, order_id, state, placement, order_date, at)
    VALUES (md5(concat_ws(' ', o.id, o.placement, o.state))::uuid, o.account_id, o.id, o.state, o.placement,
            o.order_date, o.updated_at)
    ON CONFLICT (id) DO NOTHING
$$
"""
_ON_ORDER = """
CREATE OR REPLACE FUNCTION order_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM order_step_of(NEW);
    RETURN NULL;
END $$
"""
_OF_RETURN = """
CREATE OR REPLACE FUNCTION order_return_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT o.account_id INTO NEW.account_id FROM orders o WHERE o.id = NEW.order_id;
    RETURN NEW;
END $$
"""
_OF_REFUND = """
CREATE OR REPLACE FUNCTION payment_refund_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT p.account_id INTO NEW.account_id FROM payment p WHERE p.id = NEW.payment_id;
    RETURN NEW;
END $$
"""
_TRIGGERS = """
CREATE OR REPLACE TRIGGER order_steps_added AFTER INSERT ON orders
FOR EACH ROW EXECUTE FUNCTION order_steps();
CREATE OR REPLACE TRIGGER order_steps_changed AFTER UPDATE OF state, placement ON orders
FOR EACH ROW WHEN ((OLD.state, OLD.placement) IS DISTINCT FROM (NEW.state, NEW.placement))
EXECUTE FUNCTION order_steps();
CREATE OR REPLACE TRIGGER order_return_account BEFORE INSERT ON order_return
FOR EACH ROW EXECUTE FUNCTION order_return_account();
CREATE OR REPLACE TRIGGER payment_refund_account BEFORE INSERT ON payment_refund
FOR EACH ROW EXECUTE FUNCTION payment_refund_account()
"""
_FILL = """
DO $$
DECLARE ids uuid[]; last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        ids := ARRAY(SELECT id FROM orders WHERE id > last ORDER BY id LIMIT 1000);
        EXIT WHEN cardinality(ids) = 0;
        INSERT INTO order_step (id, account_id, order_id, state, placement, order_date, at)
        SELECT md5(concat_ws(' ', o.id, s.placement, s.state))::uuid, o.account_id, o.id, s.state, s.placement,
            o.order_date, s.at
        FROM orders o CROSS JOIN LATERAL (VALUES
            ('draft', 0, o.created_at), ('placed', o.placement, o.placed_at), (o.state, o.placement, o.updated_at)
        ) s (state, placement, at)
        WHERE o.id = ANY (ids) AND s.at IS NOT NULL
        ON CONFLICT (id) DO NOTHING;
        UPDATE order_return r SET account_id = o.account_id FROM orders o
        WHERE o.id = r.order_id AND o.id = ANY (ids) AND r.account_id IS NULL;
        last := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
    UPDATE payment_refund r SET account_id = p.account_id FROM payment p
    WHERE p.id = r.payment_id AND r.account_id IS NULL;
    COMMIT;
END $$
"""
_INDEXES = {
    "order_return": ["account_id", "created_at", "id"],
    "payment_refund": ["account_id", "created_at", "id"],
    "payment": ["account_id", "created_at", "id"],
    "contact": ["account_id", "created_at", "id"],
}


def upgrade() -> None:
    """Apply; what was before is filled in a thousand orders at a time, beside the traffic."""
    op.create_table(
        "order_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("placement", sa.Integer(), nullable=False),
        sa.Column("order_date", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_step")),
        if_not_exists=True,
    )
    op.create_index("ix_order_step_account_id_at_id", "order_step", ["account_id", "at", "id"], if_not_exists=True)
    for table in ("order_return", "payment_refund"):
        op.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS account_id uuid")
    for statement in (_STEP, _ON_ORDER, _OF_RETURN, _OF_REFUND, *_TRIGGERS.split(";")):
        op.execute(statement)
    with op.get_context().autocommit_block():
        op.execute(_FILL)
        for table, columns in _INDEXES.items():
            build_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for table, columns in _INDEXES.items():
            drop_indexes(table, f"ix_{table}_{'_'.join(columns)}")
    op.execute("DROP TRIGGER IF EXISTS payment_refund_account ON payment_refund")
    op.execute("DROP TRIGGER IF EXISTS order_return_account ON order_return")
    op.execute("DROP TRIGGER IF EXISTS order_steps_changed ON orders")
    op.execute("DROP TRIGGER IF EXISTS order_steps_added ON orders")
    for function in ("payment_refund_account()", "order_return_account()", "order_steps()", "order_step_of(orders)"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    for table in ("payment_refund", "order_return"):
        op.drop_column(table, "account_id")
    op.drop_table("order_step")
