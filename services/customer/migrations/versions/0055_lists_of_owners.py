"""Lists of who has the account are read in their order: rows carry its owner, cases when their clocks run out.

The database fills both in, whichever release writes. A row that is being filed holds its account's key, and whoever
hands the account over takes that: nothing is filed under an owner who is on the way out.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes
from kit.ids import new_id

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

TABLES: Final = ("activity", "contact", "lead", "opportunity", "payment", "service_case")
_BY_OWNER: Final = "account_owner_id"
INDEXES: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "activity": (
        (_BY_OWNER, "created_at", "id"),
        (_BY_OWNER, "due_on", "id"),
        ("owner_id", "due_on", "id"),
    ),
    "contact": ((_BY_OWNER, "created_at", "id"), (_BY_OWNER, "name_sort", "id")),
    "lead": ((_BY_OWNER, "created_at", "id"),),
    "opportunity": (
        (_BY_OWNER, "created_at", "id"),
        (_BY_OWNER, "expected_close", "id"),
        (_BY_OWNER, "amount_base", "id"),
        ("owner_id", "expected_close", "id"),
        ("owner_id", "amount_base", "id"),
    ),
    "payment": ((_BY_OWNER, "created_at", "id"), (_BY_OWNER, "received_on", "id")),
    "service_case": (
        (_BY_OWNER, "created_at", "id"),
        ("clock_due_at", "id"),
        *((owner, "clock_due_at", "id") for owner in (_BY_OWNER, "owner_id", "second_owner_id")),
    ),
}
_OF_ROW = """
CREATE OR REPLACE FUNCTION row_account_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.account_owner_id := (SELECT owner_id FROM account WHERE id = NEW.account_id FOR KEY SHARE);
    RETURN NEW;
END $$
"""
_OF_ACCOUNT = """
CREATE OR REPLACE FUNCTION account_owner_taken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM account WHERE id = NEW.id FOR UPDATE;
    RETURN NEW;
END $$
"""
_OF_CLOCK = """
CREATE OR REPLACE FUNCTION case_clock_due() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE due timestamptz := (SELECT min(due_at) FROM case_clock WHERE case_id = NEW.case_id AND stopped_at IS NULL);
BEGIN
    UPDATE service_case SET clock_due_at = due WHERE id = NEW.case_id AND clock_due_at IS DISTINCT FROM due;
    RETURN NULL;
END $$
"""
_ON_ROW = """
-- widens: it fills a column of its own and refuses nothing
CREATE OR REPLACE TRIGGER {table}_account_owner BEFORE INSERT OR UPDATE OF account_id ON {table}
FOR EACH ROW EXECUTE FUNCTION row_account_owner()
"""
_ON_ACCOUNT = """
-- widens: it waits for what is being filed and refuses nothing
CREATE OR REPLACE TRIGGER account_owner_taken BEFORE UPDATE OF owner_id ON account
FOR EACH ROW WHEN (OLD.owner_id IS DISTINCT FROM NEW.owner_id) EXECUTE FUNCTION account_owner_taken()
"""
_ON_CLOCK = """
-- widens: it fills a column of its own and refuses nothing
CREATE OR REPLACE TRIGGER case_clock_due AFTER INSERT OR UPDATE OF due_at, stopped_at ON case_clock
FOR EACH ROW EXECUTE FUNCTION case_clock_due()
"""
_FILL = """
DO $$
DECLARE ids uuid[]; last uuid := '00000000-0000-0000-0000-000000000000';
BEGIN
    LOOP
        ids := ARRAY(SELECT id FROM {table} WHERE id > last ORDER BY id LIMIT 1000);
        EXIT WHEN cardinality(ids) = 0;
        PERFORM FROM {table} WHERE id = ANY (ids) ORDER BY id FOR NO KEY UPDATE;
        {update};
        last := ids[cardinality(ids)];
        COMMIT;
    END LOOP;
END $$
"""
_OWNERS = """UPDATE {table} t SET account_owner_id = a.owner_id FROM account a
        WHERE t.id = ANY (ids) AND a.id = t.account_id AND t.account_owner_id IS DISTINCT FROM a.owner_id"""
_CLOCKS = """UPDATE service_case t SET clock_due_at = k.due_at
        FROM (SELECT case_id, min(due_at) AS due_at FROM case_clock
              WHERE case_id = ANY (ids) AND stopped_at IS NULL GROUP BY case_id) k
        WHERE t.id = k.case_id AND t.clock_due_at IS DISTINCT FROM k.due_at"""
_FOLLOW = f"""
INSERT INTO job (id, kind, params, requested_by)
SELECT '{new_id()}', 'orders.follow', '{{"since": "{revision}"}}', 'system' WHERE EXISTS (SELECT FROM account)
"""


def _named(table: str, columns: tuple[str, ...]) -> str:
    return f"ix_{table}_{'_'.join(columns)}"


def upgrade() -> None:
    """Apply; rows are filled a thousand at a time, beside the traffic. What is handed over meanwhile by the release
    before follows by a job of this one."""
    for table in TABLES:
        op.add_column(table, sa.Column("account_owner_id", sa.Uuid(), nullable=True))
    op.add_column("service_case", sa.Column("clock_due_at", sa.DateTime(timezone=True), nullable=True))
    for statement in (_OF_ROW, _OF_ACCOUNT, _OF_CLOCK, _ON_ACCOUNT, _ON_CLOCK):
        op.execute(statement)
    for table in TABLES:
        op.execute(_ON_ROW.format(table=table))
    op.execute(_FOLLOW)
    with op.get_context().autocommit_block():
        for table in TABLES:
            op.execute(_FILL.format(table=table, update=_OWNERS.format(table=table)))
        op.execute(_FILL.format(table="service_case", update=_CLOCKS))
        for table, indexes in INDEXES.items():
            for columns in indexes:
                build_index(_named(table, columns), table, list(columns))


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        for table, indexes in INDEXES.items():
            drop_indexes(table, *(_named(table, columns) for columns in indexes))
    for table in TABLES:
        op.execute(f"DROP TRIGGER IF EXISTS {table}_account_owner ON {table}")
    op.execute("DROP TRIGGER IF EXISTS case_clock_due ON case_clock")
    op.execute("DROP TRIGGER IF EXISTS account_owner_taken ON account")
    for name in ("row_account_owner", "account_owner_taken", "case_clock_due"):
        op.execute(f"DROP FUNCTION IF EXISTS {name}()")
    op.execute(f"DELETE FROM job WHERE params->>'since' = '{revision}' AND state = 'queued'")
    op.drop_column("service_case", "clock_due_at")
    for table in TABLES:
        op.drop_column(table, "account_owner_id")
