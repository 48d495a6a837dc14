"""Treatments of risks and their simulations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def _owned() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def _costs() -> list[sa.Column[object]]:
    return [
        sa.Column("effect", postgresql.JSONB(), nullable=False),
        sa.Column("cost_once", sa.BigInteger(), nullable=False),
        sa.Column("cost_yearly", sa.BigInteger(), nullable=False),
        sa.Column("lifetime_years", sa.Integer(), nullable=False),
    ]


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "treatment",
        *_owned(),
        sa.Column("risk_id", sa.Uuid(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        *_costs(),
        sa.Column("actions", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("authors", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("completed_on", sa.Date(), nullable=True),
        sa.Column("hhi_reached", sa.Integer(), nullable=True),
        sa.Column("verification", postgresql.JSONB(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "response IN ('avoid', 'mitigate', 'transfer', 'diversify', 'accept')", name=op.f("ck_treatment_response")
        ),
        sa.CheckConstraint(
            "state IN ('planned', 'approved', 'in_progress', 'completed', 'verified', 'cancelled', 'expired')",
            name=op.f("ck_treatment_state"),
        ),
        sa.CheckConstraint("effect->>'kind' = response", name=op.f("ck_treatment_effect")),
        sa.CheckConstraint(
            "(response = 'accept' AND state = 'approved') = (due_at IS NOT NULL)", name=op.f("ck_treatment_due_at")
        ),
        sa.CheckConstraint("(state = 'verified') = (verification IS NOT NULL)", name=op.f("ck_treatment_verification")),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_treatment_risk_id_risk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment")),
    )
    op.create_index("ix_treatment_created_at_id", "treatment", ["created_at", "id"])
    op.create_index("ix_treatment_risk_id", "treatment", ["risk_id"])
    op.create_index("ix_treatment_due_at", "treatment", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    _add_simulation()


def _add_simulation() -> None:
    op.create_table(
        "treatment_simulation",
        *_owned(),
        sa.Column("treatment_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        *_costs(),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("results", postgresql.JSONB(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('running', 'completed', 'failed', 'cancelled')", name=op.f("ck_treatment_simulation_state")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (finished_at IS NULL)", name=op.f("ck_treatment_simulation_finished_at")
        ),
        sa.CheckConstraint(
            "(state = 'completed') = (results IS NOT NULL)", name=op.f("ck_treatment_simulation_results")
        ),
        sa.ForeignKeyConstraint(
            ["treatment_id"], ["treatment.id"], name=op.f("fk_treatment_simulation_treatment_id_treatment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment_simulation")),
    )
    op.create_index(
        "ix_treatment_simulation_treatment_id_created_at_id",
        "treatment_simulation",
        ["treatment_id", "created_at", "id"],
    )
    op.create_index(
        "ix_treatment_simulation_due_at",
        "treatment_simulation",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "uq_treatment_simulation_running",
        "treatment_simulation",
        ["treatment_id"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("treatment_simulation")
    op.drop_table("treatment")
