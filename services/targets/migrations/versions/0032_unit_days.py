"""Units have days, leads, and what they go on as."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_NULL = "-- widens: the release before leaves the columns null"
_CONSTRAINTS = {
    "fk_unit_successor_id_unit": "FOREIGN KEY (successor_id) REFERENCES unit (id)",
    "ck_unit_period": "CHECK (valid_to >= valid_from)",
    "ck_unit_succeeded": "CHECK (successor_id IS NULL OR valid_to IS NOT NULL)",
}


def upgrade() -> None:
    """Apply; what was begun is done again."""
    for column in (
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.Column("leads", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
    ):
        op.add_column("unit", column, if_not_exists=True)
    for name, constraint in _CONSTRAINTS.items():
        op.execute(f"{_NULL}\n-- squawk-ignore ban-drop-constraint\nALTER TABLE unit DROP CONSTRAINT IF EXISTS {name}")
        op.execute(f"{_NULL}\nALTER TABLE unit ADD CONSTRAINT {name} {constraint} NOT VALID")
    with op.get_context().autocommit_block():
        for name in _CONSTRAINTS:
            op.execute(f"ALTER TABLE unit VALIDATE CONSTRAINT {name}")
        op.create_index(
            "ix_unit_successor_id", "unit", ["successor_id"], postgresql_concurrently=True, if_not_exists=True
        )
        op.create_index(
            "ix_unit_due_at",
            "unit",
            ["due_at"],
            postgresql_where=sa.text("due_at IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_unit_due_at", "unit")
    op.drop_index("ix_unit_successor_id", "unit")
    op.drop_constraint(op.f("ck_unit_succeeded"), "unit")
    op.drop_constraint(op.f("ck_unit_period"), "unit")
    op.drop_constraint(op.f("fk_unit_successor_id_unit"), "unit")
    for name in ("due_at", "leads", "successor_id", "valid_to", "valid_from"):
        op.drop_column("unit", name)
