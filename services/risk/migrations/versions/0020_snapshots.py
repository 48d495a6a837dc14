"""Snapshots of the dashboard, which nobody changes, and when the next one is made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit.ids import new_id

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_REFUSE = """
CREATE FUNCTION risk_snapshot_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'snapshots never change' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
_ON_ROWS = """
-- widens: the table is new, and nobody writes it but by inserts
CREATE TRIGGER risk_snapshot_immutable BEFORE UPDATE OR DELETE ON risk_snapshot
FOR EACH ROW EXECUTE FUNCTION risk_snapshot_immutable()
"""
_ON_ALL = """
-- widens: the table is new, and nobody writes it but by inserts
CREATE TRIGGER risk_snapshot_kept BEFORE TRUNCATE ON risk_snapshot
FOR EACH STATEMENT EXECUTE FUNCTION risk_snapshot_immutable()
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "risk_snapshot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("is_late", sa.Boolean(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_risk_snapshot_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_snapshot")),
        sa.UniqueConstraint("day", name=op.f("uq_risk_snapshot_day")),
    )
    for statement in (_REFUSE, _ON_ROWS, _ON_ALL):
        op.execute(statement)
    op.create_table(
        "snapshot_night",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshot_night")),
    )
    op.create_index("ix_snapshot_night_due_at", "snapshot_night", ["due_at"])
    op.execute(f"INSERT INTO snapshot_night (id, due_at) VALUES ('{new_id()}', now())")


def downgrade() -> None:
    """Take back."""
    op.drop_table("snapshot_night")
    op.drop_table("risk_snapshot")
    op.execute("DROP FUNCTION risk_snapshot_immutable()")
