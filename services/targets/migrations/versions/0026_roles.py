"""Roles of members and what they are there for; every role has a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ROLES = ("sales_director", "sales_manager", "sales_supervisor", "sales_rep", "account_manager", "market_support")


def upgrade() -> None:
    """Apply."""
    listed = ", ".join(f"'{role}'" for role in _ROLES)
    op.create_table(
        "member_role",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("duties", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.CheckConstraint(f"role IN ({listed})", name=op.f("ck_member_role_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_role")),
        sa.UniqueConstraint("role", name=op.f("uq_member_role_role")),
    )
    rows = ", ".join(
        f"('01989f2e-0000-7000-8000-0000000001{number:02}', '{role}', '{{}}')" for number, role in enumerate(_ROLES, 1)
    )
    op.execute(f"INSERT INTO member_role (id, role, duties) VALUES {rows}")


def downgrade() -> None:
    """Take back."""
    op.drop_table("member_role")
