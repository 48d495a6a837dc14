"""Lanes take over from the one consumer group of the service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.events.takeover import give_back, take_over

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LANES = {
    "core": (
        "customer.account.created.v1",
        "customer.account.updated.v1",
        "customer.order.placed.v1",
        "customer.order.cancelled.v1",
        "customer.order.returned.v1",
        "customer.payment.received.v1",
        "customer.payment.refunded.v1",
    ),
    "directory": (
        "targets.member.joined.v1",
        "targets.member.moved.v1",
        "targets.member.left.v1",
    ),
}
_PROJECTIONS = (
    "account_directory",
    "principal",
    "exposure",
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "projection_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("failed_keys", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("done", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('live', 'building', 'aside')", name=op.f("ck_projection_state_state")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_projection_state")),
    )
    for statement in take_over("risk", _LANES, _PROJECTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for statement in give_back("risk"):
        op.execute(statement)
    op.drop_table("projection_state")
