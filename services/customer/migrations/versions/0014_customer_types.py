"""Whether a customer is new, existing or dormant follows from orders; the company's own word is a field of its own.

Release 0.1.0 kept that word in `customer_type`, and may go on writing it there while it is rolled out: the database
puts it where it belongs and has the type decided. So it does when an order is confirmed, whichever release does that.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_OF_ACCOUNT = """
CREATE OR REPLACE FUNCTION account_customer_type() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.customer_type IN ('new', 'existing', 'dormant') THEN
        RETURN NEW;
    END IF;
    NEW.business_type := coalesce(NEW.customer_type, NEW.business_type);
    NEW.customer_type := NULL;
    INSERT INTO customer_type_check (id, account_id, due_at) VALUES (gen_random_uuid(), NEW.id, now());
    RETURN NEW;
END $$
"""
_OF_ORDER = """
CREATE OR REPLACE FUNCTION order_customer_type() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customer_type_check (id, account_id, due_at) VALUES (gen_random_uuid(), NEW.account_id, NEW.updated_at);
    RETURN NULL;
END $$
"""
_ON_ACCOUNT = """
CREATE OR REPLACE TRIGGER account_customer_type BEFORE INSERT OR UPDATE OF customer_type ON account
FOR EACH ROW EXECUTE FUNCTION account_customer_type()
"""
_ON_ORDER = """
CREATE OR REPLACE TRIGGER order_customer_type AFTER UPDATE OF state ON orders
FOR EACH ROW WHEN (NEW.state = 'confirmed' AND OLD.state <> 'confirmed') EXECUTE FUNCTION order_customer_type()
"""
_FILL = """
DO $$
DECLARE ids uuid[]; last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        ids := ARRAY(SELECT id FROM account WHERE id > last ORDER BY id LIMIT 1000);
        EXIT WHEN cardinality(ids) = 0;
        PERFORM FROM account WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
        -- what an attempt before has moved waits for its type already
        UPDATE account a SET business_type = customer_type, customer_type = NULL
        WHERE id = ANY (ids) AND NOT EXISTS (SELECT FROM customer_type_check c WHERE c.account_id = a.id);
        last := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$
"""


def upgrade() -> None:
    """Apply; words are moved a thousand accounts at a time, beside the traffic; workers decide the types and tell."""
    op.execute("ALTER TABLE account ADD COLUMN IF NOT EXISTS business_type text")
    op.execute("ALTER TABLE account ADD COLUMN IF NOT EXISTS last_order_date date")
    op.create_table(
        "due_failure",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "row_id", name=op.f("pk_due_failure")),
        if_not_exists=True,
    )
    op.create_table(
        "customer_type_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_type_check")),
        if_not_exists=True,
    )
    for columns in (["due_at"], ["account_id", "due_at"]):
        name = f"ix_customer_type_check_{'_'.join(columns)}"
        op.create_index(name, "customer_type_check", columns, if_not_exists=True)
    for statement in (_OF_ACCOUNT, _OF_ORDER, _ON_ACCOUNT, _ON_ORDER):
        op.execute(statement)
    with op.get_context().autocommit_block():
        op.execute(_FILL)
        build_index("ix_account_last_order_date_id", "account", ["last_order_date", "id"])


def downgrade() -> None:
    """Take back: the word of the company stands where the release before reads it."""
    with op.get_context().autocommit_block():
        drop_indexes("account", "ix_account_last_order_date_id")
    op.execute("DROP TRIGGER IF EXISTS order_customer_type ON orders")
    op.execute("DROP TRIGGER IF EXISTS account_customer_type ON account")
    op.execute("DROP FUNCTION IF EXISTS order_customer_type()")
    op.execute("DROP FUNCTION IF EXISTS account_customer_type()")
    op.execute("UPDATE account SET customer_type = business_type")
    op.drop_table("customer_type_check")
    op.drop_table("due_failure")
    op.drop_column("account", "last_order_date")
    op.drop_column("account", "business_type")
