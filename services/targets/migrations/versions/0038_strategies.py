"""How targets are to be reached in the market; the policy says where checks pass and warn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_LIMITS = (
    '{"growth_pass": 75, "growth_warn": 95, "p_hit_pass": 200000, "p_hit_warn": 50000, "coverage_pass": 950000, '
    '"coverage_warn": 800000, "capacity_pass": 1000000, "capacity_warn": 800000, "elapsed_warn": 100000, '
    '"commits_pass": 50000, "commits_warn": 150000, "siblings_pass": 250000, "siblings_warn": 500000, '
    '"long_share_pass": 900000, "long_share_warn": 750000}'
)
_TEXTS = ("product", "price", "channel", "promotion", "positioning")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "target_strategy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in _TEXTS),
        sa.Column("observation_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["target_id"], ["target.id"], name=op.f("fk_target_strategy_target_id_target")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_strategy")),
        sa.UniqueConstraint("target_id", name=op.f("uq_target_strategy_target_id")),
    )
    op.add_column(
        "target_policy",
        sa.Column("check_limits", JSONB(astext_type=sa.Text()), server_default=_LIMITS, nullable=False),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_column("target_policy", "check_limits")
    op.drop_table("target_strategy")
