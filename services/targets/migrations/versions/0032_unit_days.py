"""Units have days, leads, and what they go on as."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("unit", sa.Column("valid_from", sa.Date(), nullable=True))
    op.add_column("unit", sa.Column("valid_to", sa.Date(), nullable=True))
    op.add_column("unit", sa.Column("successor_id", sa.Uuid(), nullable=True))
    op.add_column("unit", sa.Column("leads", postgresql.JSONB(), server_default="[]", nullable=False))
    op.add_column("unit", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_unit_successor_id_unit"), "unit", "unit", ["successor_id"], ["id"])
    op.create_check_constraint(op.f("ck_unit_period"), "unit", "valid_to >= valid_from")
    op.create_check_constraint(op.f("ck_unit_succeeded"), "unit", "successor_id IS NULL OR valid_to IS NOT NULL")
    op.create_index("ix_unit_successor_id", "unit", ["successor_id"])
    op.create_index("ix_unit_due_at", "unit", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_unit_due_at", "unit")
    op.drop_index("ix_unit_successor_id", "unit")
    op.drop_constraint(op.f("ck_unit_succeeded"), "unit")
    op.drop_constraint(op.f("ck_unit_period"), "unit")
    op.drop_constraint(op.f("fk_unit_successor_id_unit"), "unit")
    for name in ("due_at", "leads", "successor_id", "valid_to", "valid_from"):
        op.drop_column("unit", name)
