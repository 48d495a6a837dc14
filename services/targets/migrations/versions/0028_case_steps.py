"""What happens to cases, for KPIs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "kpi_case_step",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("days_open", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "step IN ('opened', 'answered', 'closed', 'reopened', 'breached')", name=op.f("ck_kpi_case_step_step")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_kpi_case_step")),
    )
    op.create_index("ix_kpi_case_step_day", "kpi_case_step", ["day"])
    op.create_index("ix_kpi_case_step_owner_id_day", "kpi_case_step", ["owner_id", "day"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("kpi_case_step")
