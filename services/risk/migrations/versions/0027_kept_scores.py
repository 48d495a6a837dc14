"""Scores are kept for three years: when they are looked for that were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes
from kit.ids import new_id

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; nobody waits while the index is built."""
    op.create_table(
        "score_sweep",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_sweep")),
    )
    op.create_index("ix_score_sweep_due_at", "score_sweep", ["due_at"])
    op.execute(f"INSERT INTO score_sweep (id, due_at) VALUES ('{new_id()}', now())")
    with op.get_context().autocommit_block():
        build_index(
            "ix_credit_score_kept",
            "credit_score",
            ["scored_at"],
            postgresql_where=sa.text("cause = 'nightly' AND grade_before = grade_after"),
        )


def downgrade() -> None:
    """Take back; what was dropped stays so."""
    with op.get_context().autocommit_block():
        drop_indexes("credit_score", "ix_credit_score_kept")
    op.drop_table("score_sweep")
