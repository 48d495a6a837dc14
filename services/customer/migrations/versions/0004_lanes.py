"""Lanes take over from the one consumer group of the service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.events.takeover import give_back, take_over

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LANES = {
    "core": (
        "risk.credit.reserved.v1",
        "risk.credit.refused.v1",
    ),
    "directory": (
        "targets.member.joined.v1",
        "targets.member.moved.v1",
        "targets.member.left.v1",
        "channels.partner.applied.v1",
        "channels.partner.activated.v1",
        "channels.partner.suspended.v1",
        "channels.product.changed.v1",
    ),
}
_PROJECTIONS = (
    "principal",
    "partner_directory",
    "product_directory",
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
    for statement in take_over("customer", _LANES, _PROJECTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    for statement in give_back("customer"):
        op.execute(statement)
    op.drop_table("projection_state")
