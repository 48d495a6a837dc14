"""Where what is known of accounts came from, and how good it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit.db.key_migrations import build_index, drop_indexes
from kit.ids import new_id

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_COLUMNS = {
    "phone_on": "date",
    "size_on": "date",
    "invalid_weight": "integer",
    "quality_score": "double precision",
}
_CONTACT = """
CREATE OR REPLACE FUNCTION contact_decides() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customer_type_check (id, account_id, due_at)
    VALUES (gen_random_uuid(), NEW.account_id, NEW.updated_at);
    RETURN NULL;
END $$
"""
_ADDED = """
CREATE OR REPLACE TRIGGER contact_decides_added AFTER INSERT ON contact
FOR EACH ROW WHEN ('decision_maker' = ANY (NEW.roles)) EXECUTE FUNCTION contact_decides()
"""
_CHANGED = """
CREATE OR REPLACE TRIGGER contact_decides_changed AFTER UPDATE ON contact
FOR EACH ROW WHEN ('decision_maker' = ANY (OLD.roles || NEW.roles)) EXECUTE FUNCTION contact_decides()
"""


def upgrade() -> None:
    """Apply; workers judge the accounts that are there."""
    for name, kind in _COLUMNS.items():
        op.execute(f"ALTER TABLE account ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.create_table(
        "account_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("account_version", sa.Integer(), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("known", postgresql.JSONB(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=True),
        sa.Column("collected_on", sa.Date(), nullable=True),
        sa.Column("lawful_basis", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_fact")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_account_fact_account_id_recorded_at_id",
        "account_fact",
        ["account_id", "recorded_at", "id"],
        if_not_exists=True,
    )
    op.create_table(
        "nightly",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nightly")),
        sa.UniqueConstraint("name", name=op.f("uq_nightly_name")),
        if_not_exists=True,
    )
    op.create_index("ix_nightly_due_at", "nightly", ["due_at"], if_not_exists=True)
    op.execute(
        f"INSERT INTO nightly (id, name, due_at) VALUES ('{new_id()}', 'accounts.quality', now()) "
        "ON CONFLICT DO NOTHING"
    )
    for statement in (_CONTACT, _ADDED, _CHANGED):
        op.execute(statement)
    with op.get_context().autocommit_block():
        build_index("ix_account_quality_score_id", "account", ["quality_score", "id"])
        build_index("ix_account_unweighed", "account", ["id"], postgresql_where=sa.text("invalid_weight IS NULL"))


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        drop_indexes("account", "ix_account_unweighed", "ix_account_quality_score_id")
    op.execute("DROP TRIGGER IF EXISTS contact_decides_changed ON contact")
    op.execute("DROP TRIGGER IF EXISTS contact_decides_added ON contact")
    op.execute("DROP FUNCTION IF EXISTS contact_decides()")
    op.execute("DELETE FROM job WHERE kind = 'accounts.quality' AND state = 'queued'")
    op.drop_table("nightly")
    op.drop_table("account_fact")
    for name in _COLUMNS:
        op.drop_column("account", name)
