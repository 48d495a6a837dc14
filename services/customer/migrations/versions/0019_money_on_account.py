"""Money on account is allocated later, waits for an order, and payments are voided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_VOIDED = """
-- widens: what is bounded is a column of this release, empty in rows of the release before
ALTER TABLE payment ADD CONSTRAINT ck_payment_voided CHECK (voided_on IS NULL OR refunded = 0) NOT VALID
"""


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    op.add_column("payment", sa.Column("exchange_rate", sa.Text(), nullable=True))
    op.add_column("payment", sa.Column("for_order_id", sa.Uuid(), nullable=True))
    op.add_column("payment", sa.Column("is_waiting", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("payment", sa.Column("voided_on", sa.Date(), nullable=True))
    for name in ("void_reason", "former_external_source", "former_external_id"):
        op.add_column("payment", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("payment_allocation", sa.Column("allocated_on", sa.Date(), nullable=True))
    op.add_column("payment_allocation", sa.Column("days_late", sa.Integer(), nullable=True))
    op.execute(_VOIDED)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE payment VALIDATE CONSTRAINT ck_payment_voided")
        build_index(
            "ix_payment_former_external_id",
            "payment",
            ["former_external_id", "former_external_source"],
            postgresql_where=sa.text("former_external_id IS NOT NULL"),
        )
        build_index("ix_payment_for_order_id", "payment", ["for_order_id"], postgresql_where=sa.text("is_waiting"))


def downgrade() -> None:
    """Take back; external ids that were given back stay free, voided payments pay nothing and hold their amount."""
    with op.get_context().autocommit_block():
        drop_indexes("payment", "ix_payment_for_order_id", "ix_payment_former_external_id")
    for name in ("days_late", "allocated_on"):
        op.drop_column("payment_allocation", name)
    for name in ("former_external_id", "former_external_source", "void_reason", "voided_on", "is_waiting"):
        op.drop_column("payment", name)
    for name in ("for_order_id", "exchange_rate"):
        op.drop_column("payment", name)
