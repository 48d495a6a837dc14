"""Balancing children, which hold what the other children of a decomposition are beyond or short of its amount."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NOBODYS = """
ALTER TABLE target ADD CONSTRAINT ck_target_balancing CHECK (NOT is_balancing OR (
    parent_id IS NOT NULL AND cross_id IS NULL AND owner_id IS NULL AND unit_id IS NULL AND member_id IS NULL
    AND product_line IS NULL AND region IS NULL AND customer_type IS NULL
)) NOT VALID
"""
_BESIDE: dict[str, Any] = {"postgresql_concurrently": True, "if_not_exists": True}


def upgrade() -> None:
    """Apply; nobody waits while the index is built."""
    op.add_column("target", sa.Column("is_balancing", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("decomposition", sa.Column("over_assignment", sa.BigInteger(), server_default="0", nullable=False))
    op.execute(_NOBODYS)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE target VALIDATE CONSTRAINT ck_target_balancing")
        op.create_index(
            "uq_target_balancing",
            "target",
            ["decomposition_id"],
            unique=True,
            postgresql_where=sa.text("is_balancing"),
            **_BESIDE,
        )


def downgrade() -> None:
    """Take back; what held a difference stays as a child like any, so that the sums stand."""
    with op.get_context().autocommit_block():
        op.drop_index("uq_target_balancing", table_name="target", postgresql_concurrently=True, if_exists=True)
    op.drop_constraint(op.f("ck_target_balancing"), "target", type_="check")
    op.drop_column("decomposition", "over_assignment")
    op.drop_column("target", "is_balancing")
