"""Accounts that may be one customer: their keys, what is still to be compared, and pairs found.

Whoever writes an account, the release before too, has it compared: the database notes it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_COMPARED = (
    "name", "local_name", "country", "tax_id_key", "domain", "phone", "address", "phone_index_1", "phone_index_2",
    "archived_at",
)  # fmt: skip
_ADDED = """
CREATE FUNCTION account_added_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO identity_check (id, account_id, due_at) SELECT gen_random_uuid(), id, updated_at FROM added;
    RETURN NULL;
END $$
"""
_CHANGED = """
CREATE FUNCTION account_changed_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO identity_check (id, account_id, due_at) VALUES (gen_random_uuid(), NEW.id, NEW.updated_at);
    RETURN NULL;
END $$
"""
_ON_ADDED = """
-- widens: it notes what was written and refuses nothing
CREATE TRIGGER account_added_identity AFTER INSERT ON account
REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION account_added_identity()
"""
_ON_CHANGED = f"""
-- widens: it notes what was written and refuses nothing
CREATE TRIGGER account_changed_identity AFTER UPDATE ON account
FOR EACH ROW WHEN (({", ".join(f"OLD.{name}" for name in _COMPARED)}) IS DISTINCT FROM
({", ".join(f"NEW.{name}" for name in _COMPARED)})) EXECUTE FUNCTION account_changed_identity()
"""
_OF_BEFORE = "INSERT INTO identity_check (id, account_id, due_at) SELECT gen_random_uuid(), id, now() FROM account"


def upgrade() -> None:
    """Apply; workers compare the accounts that are there."""
    op.create_table(
        "identity_key",
        sa.Column("key", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "account_id", name=op.f("pk_identity_key")),
    )
    op.create_index("ix_identity_key_account_id", "identity_key", ["account_id"])
    op.create_table(
        "identity_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_check")),
    )
    op.create_index("ix_identity_check_due_at", "identity_check", ["due_at"])
    op.create_table(
        "duplicate_candidate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("factors", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("basis", sa.BigInteger(), nullable=False),
        sa.Column("dismissed_by", sa.Text(), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('duplicate', 'possible', 'different')", name=op.f("ck_duplicate_candidate_verdict")
        ),
        sa.CheckConstraint("state IN ('open', 'dismissed')", name=op.f("ck_duplicate_candidate_state")),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_duplicate_candidate_ordered")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_candidate")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_duplicate_candidate_first_id_second_id")),
    )
    for columns in (["second_id"], ["score", "id"], ["created_at", "id"]):
        op.create_index(f"ix_duplicate_candidate_{'_'.join(columns)}", "duplicate_candidate", columns)
    for statement in (_ADDED, _CHANGED, _ON_ADDED, _ON_CHANGED, _OF_BEFORE):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for name in ("account_added_identity", "account_changed_identity"):
        op.execute(f"DROP TRIGGER {name} ON account")
        op.execute(f"DROP FUNCTION {name}()")
    for table in ("duplicate_candidate", "identity_check", "identity_key"):
        op.drop_table(table)
