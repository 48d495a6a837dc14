"""Simulations of policies, and whom they would move."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_KINDS = "'scorecard', 'terms', 'holds', 'matrix', 'clauses', 'forward'"


def upgrade() -> None:
    """Apply."""
    now = sa.text("now()")
    op.create_table(
        "risk_policy_simulation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("against_version", sa.Integer(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("subjects", sa.Integer(), nullable=True),
        sa.Column("moved", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_risk_policy_simulation_kind")),
        sa.CheckConstraint("(subjects IS NULL) = (moved IS NULL)", name=op.f("ck_risk_policy_simulation_finished")),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["risk_policy.id"], name=op.f("fk_risk_policy_simulation_policy_id_risk_policy")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_policy_simulation")),
    )
    op.create_index("ix_risk_policy_simulation_created_at_id", "risk_policy_simulation", ["created_at", "id"])
    op.create_index("ix_risk_policy_simulation_policy_id", "risk_policy_simulation", ["policy_id"])
    op.create_table(
        "risk_policy_simulation_result",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("risk_id", sa.Uuid(), nullable=True),
        sa.Column("assessment_kind", sa.Text(), nullable=True),
        sa.Column("parts", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("before", JSONB(), nullable=False),
        sa.Column("after", JSONB(), nullable=False),
        sa.CheckConstraint(
            "assessment_kind IN ('inherent', 'current', 'residual')",
            name=op.f("ck_risk_policy_simulation_result_assessment_kind"),
        ),
        sa.CheckConstraint(
            "(account_id IS NULL) <> (risk_id IS NULL) AND (risk_id IS NULL) = (assessment_kind IS NULL)",
            name=op.f("ck_risk_policy_simulation_result_subject"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_policy_simulation_result")),
    )
    op.create_index(
        "ix_risk_policy_simulation_result_simulation_id_id", "risk_policy_simulation_result", ["simulation_id", "id"]
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("risk_policy_simulation_result")
    op.drop_table("risk_policy_simulation")
