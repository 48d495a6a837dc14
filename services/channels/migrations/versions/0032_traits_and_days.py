"""Grades, stages of life and segments of accounts, for prices and promotions; own days of the company's calendar."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; what was said of accounts before is folded when the projections are filled."""
    for table, name, nullable in (("account_grade", "grade", True), ("account_stage", "stage", False)):
        op.create_table(
            table,
            sa.Column("account_id", sa.Uuid(), nullable=False),
            sa.Column(name, sa.Text(), nullable=nullable),
            sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
            sa.PrimaryKeyConstraint("account_id", name=op.f(f"pk_{table}")),
        )
    op.create_table(
        "account_segment",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("segment_id", sa.Uuid(), nullable=False),
        sa.Column("is_member", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "segment_id", name=op.f("pk_account_segment")),
    )
    op.create_index("ix_account_segment_segment_id", "account_segment", ["segment_id"])
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("days", JSONB(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )


def downgrade() -> None:
    """Take back."""
    for table in ("calendar_year", "account_segment", "account_stage", "account_grade"):
        op.drop_table(table)
