"""Simulations of rebate programmes with their results."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_KINDS = "'marginal', 'retroactive', 'flat', 'lump', 'growth', 'mix'"


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _amounts(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _add_simulations() -> None:
    now = sa.text("now()")
    op.create_table(
        "rebate_simulation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        *_text("kind"),
        sa.Column("tiers", JSONB(), nullable=False),
        *_text("period"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("product_lines", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("partner_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        *_text("basis", nullable=True),
        sa.Column("baselines", JSONB(), nullable=True),
        sa.Column("focus_lines", sa.ARRAY(sa.Text()), nullable=True),
        *_text("state", "currency"),
        sa.Column("partners", sa.Integer(), nullable=True),
        *_amounts("orders", "volume", "amount", nullable=True),
        *_text("created_by"),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_rebate_simulation_kind")),
        sa.CheckConstraint("period IN ('month', 'quarter', 'year')", name=op.f("ck_rebate_simulation_period")),
        sa.CheckConstraint("basis IN ('all', 'growth')", name=op.f("ck_rebate_simulation_basis")),
        sa.CheckConstraint("state IN ('calculating', 'calculated')", name=op.f("ck_rebate_simulation_state")),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_rebate_simulation_validity")),
        sa.CheckConstraint("(state = 'calculated') = (amount IS NOT NULL)", name=op.f("ck_rebate_simulation_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rebate_simulation")),
    )
    op.create_index("ix_rebate_simulation_created_at_id", "rebate_simulation", ["created_at", "id"])
    op.create_table(
        "rebate_simulation_result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        *_amounts("orders", "volume", "amount"),
        sa.Column("periods", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rebate_simulation_result")),
        sa.UniqueConstraint(
            "simulation_id", "partner_id", name=op.f("uq_rebate_simulation_result_simulation_id_partner_id")
        ),
    )
    op.create_index(
        "ix_rebate_simulation_result_simulation_id_amount_id",
        "rebate_simulation_result",
        ["simulation_id", "amount", "id"],
    )


def upgrade() -> None:
    """Apply."""
    _add_simulations()


def downgrade() -> None:
    """Take back."""
    for table in ("rebate_simulation_result", "rebate_simulation"):
        op.drop_table(table)
