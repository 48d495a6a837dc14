"""Approval by a second person, versions and closing by date."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BEFORE = "'draft', 'active', 'closed'"
_WORDS = "'draft', 'proposed', 'approved', 'active', 'closed'"
_STATES = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE target DROP CONSTRAINT ck_target_state, ADD CONSTRAINT ck_target_state CHECK (state IN ({})) NOT VALID
"""
_COLUMNS: tuple[tuple[str, sa.types.TypeEngine[Any]], ...] = (
    ("owner_id", sa.Uuid()),
    ("stretch", sa.BigInteger()),
    ("external_id", sa.Text()),
    ("authored_by", sa.Text()),
    ("proposed_by", sa.Text()),
    ("approved_by", sa.Text()),
    ("closes_on", sa.Date()),
    ("due_at", sa.DateTime(timezone=True)),
    ("closed_value", sa.BigInteger()),
)
_CLOSING = (
    "UPDATE target SET closes_on = period_end + 10 WHERE state = 'active'",
    """
    UPDATE target r SET due_at = c.first_day::timestamp AT TIME ZONE 'UTC'
    FROM (SELECT root_id, min(closes_on) AS first_day FROM target WHERE closes_on IS NOT NULL GROUP BY root_id) c
    WHERE r.id = c.root_id
    """,
)
_BESIDE: dict[str, Any] = {"postgresql_concurrently": True, "if_not_exists": True}


def upgrade() -> None:
    """Apply; nobody waits while rows are read or indexes built."""
    for name, kind in _COLUMNS:
        op.add_column("target", sa.Column(name, kind, nullable=True))
    _allow(_WORDS)
    for statement in _CLOSING:
        op.execute(statement)
    with op.get_context().autocommit_block():
        op.create_index("uq_target_external_id", "target", ["external_id"], unique=True, **_BESIDE)
        op.create_index(
            "ix_target_due_at", "target", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"), **_BESIDE
        )
    op.create_table(
        "target_version",
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("stretch", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("approver", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f("fk_target_version_target_id_target")),
        sa.PrimaryKeyConstraint("target_id", "number", name=op.f("pk_target_version")),
    )
    op.create_table(
        "due_failure",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "row_id", name=op.f("pk_due_failure")),
    )


def downgrade() -> None:
    """Take back; refused while a target is proposed or approved."""
    op.drop_table("due_failure")
    op.drop_table("target_version")
    with op.get_context().autocommit_block():
        op.drop_index("ix_target_due_at", table_name="target", postgresql_concurrently=True, if_exists=True)
        op.drop_index("uq_target_external_id", table_name="target", postgresql_concurrently=True, if_exists=True)
    _allow(_BEFORE)
    for name, _ in reversed(_COLUMNS):
        op.drop_column("target", name)


def _allow(words: str) -> None:
    op.execute(_STATES.format(words))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE target VALIDATE CONSTRAINT ck_target_state")
