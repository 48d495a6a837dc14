"""Holds of accounts and partners, and the index that finds the items of an account which are due longest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes
from kit.ids import new_id

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_CHECK = """
-- widens: what the release before writes is on no hold, and says none
ALTER TABLE credit_profile ADD CONSTRAINT ck_credit_profile_is_on_hold CHECK (is_on_hold = (hold_reasons <> '{}'))
NOT VALID
"""


def upgrade() -> None:
    """Apply; nobody waits while old rows are checked or the index is built."""
    _add_credit_hold()
    op.create_table(
        "hold_sweep",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold_sweep")),
    )
    op.create_index("ix_hold_sweep_due_at", "hold_sweep", ["due_at"])
    op.execute(f"INSERT INTO hold_sweep (id, due_at) VALUES ('{new_id()}', now())")
    op.add_column(
        "credit_profile",
        sa.Column("hold_reasons", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    )
    op.execute("UPDATE credit_profile SET is_on_hold = false WHERE is_on_hold")
    op.execute(_CHECK)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE credit_profile VALIDATE CONSTRAINT ck_credit_profile_is_on_hold")
        build_index("ix_receivable_owed", "receivable", ["account_id", "due_on"], postgresql_where=sa.text("open > 0"))


def _add_credit_hold() -> None:
    op.create_table(
        "credit_hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("hold_reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("placed_by", sa.Text(), nullable=True),
        sa.Column("placed_on", sa.Date(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.Column("lifted_by", sa.Text(), nullable=True),
        sa.Column("lifted_on", sa.Date(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waived_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "hold_reason IN ('overdue', 'grade', 'grade_drop', 'manual')", name=op.f("ck_credit_hold_hold_reason")
        ),
        sa.CheckConstraint(
            "(state = 'lifted') = (lifted_on IS NOT NULL) AND (state = 'lifted') = (lifted_at IS NOT NULL) "
            "AND version = CASE state WHEN 'lifted' THEN 2 ELSE 1 END",
            name=op.f("ck_credit_hold_lifted"),
        ),
        sa.CheckConstraint("state IN ('standing', 'lifted')", name=op.f("ck_credit_hold_state")),
        sa.CheckConstraint("subject_kind IN ('account', 'partner')", name=op.f("ck_credit_hold_subject_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_hold")),
    )
    op.create_index(
        "uq_credit_hold_standing",
        "credit_hold",
        ["subject_id", "hold_reason"],
        unique=True,
        postgresql_where=sa.text("state = 'standing'"),
    )
    op.create_index("ix_credit_hold_placed_at_id", "credit_hold", ["placed_at", "id"])
    op.create_index("ix_credit_hold_subject_id_placed_at_id", "credit_hold", ["subject_id", "placed_at", "id"])
    op.create_index(
        "ix_credit_hold_ends",
        "credit_hold",
        ["until"],
        postgresql_where=sa.text("state = 'standing' AND until IS NOT NULL"),
    )
    op.create_index(
        "ix_credit_hold_waived",
        "credit_hold",
        ["subject_id", "waived_until"],
        postgresql_where=sa.text("waived_until IS NOT NULL"),
    )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        drop_indexes("receivable", "ix_receivable_owed")
    op.execute("ALTER TABLE credit_profile DROP CONSTRAINT ck_credit_profile_is_on_hold")
    op.drop_column("credit_profile", "hold_reasons")
    op.execute("UPDATE credit_profile SET is_on_hold = false WHERE is_on_hold")
    op.drop_table("hold_sweep")
    op.drop_table("credit_hold")
