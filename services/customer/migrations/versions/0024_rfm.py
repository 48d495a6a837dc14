"""Runs of the RFM analysis and what they say of accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rfm_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("sample_size", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("days > 0", name=op.f("ck_rfm_run_days")),
        sa.CheckConstraint("sample_size >= 0", name=op.f("ck_rfm_run_sample_size")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rfm_run")),
    )
    op.create_index("ix_rfm_run_created_at_id", "rfm_run", ["created_at", "id"])
    op.create_index("ix_rfm_run_as_of", "rfm_run", ["as_of", "created_at"])
    op.create_table(
        "rfm_score",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("recency_days", sa.Integer(), nullable=False),
        sa.Column("frequency", sa.Integer(), nullable=False),
        sa.Column("monetary_base", sa.BigInteger(), nullable=False),
        sa.Column("r", sa.Integer(), nullable=False),
        sa.Column("f", sa.Integer(), nullable=False),
        sa.Column("m", sa.Integer(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "segment IN ('champions', 'potential_loyal', 'new', 'promising', 'loyal', 'need_attention', "
            "'about_to_sleep', 'cannot_lose', 'at_risk', 'hibernating', 'lost')",
            name=op.f("ck_rfm_score_segment"),
        ),
        sa.CheckConstraint(
            "r BETWEEN 1 AND 5 AND f BETWEEN 1 AND 5 AND m BETWEEN 1 AND 5 AND recency_days >= 0 AND frequency > 0",
            name=op.f("ck_rfm_score_scores"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_rfm_score_account_id_account")),
        sa.ForeignKeyConstraint(["run_id"], ["rfm_run.id"], name=op.f("fk_rfm_score_run_id_rfm_run")),
        sa.PrimaryKeyConstraint("run_id", "account_id", name=op.f("pk_rfm_score")),
    )
    op.create_index("ix_rfm_score_run_id_segment_account_id", "rfm_score", ["run_id", "segment", "account_id"])
    op.create_index("ix_rfm_score_account_id_run_id", "rfm_score", ["account_id", "run_id"])


def downgrade() -> None:
    """Revert."""
    op.drop_table("rfm_score")
    op.drop_table("rfm_run")
