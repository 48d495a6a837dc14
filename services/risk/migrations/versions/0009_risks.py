"""Risks, their states by day, their assessments and controls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    _add_risk()
    _add_assessment()
    _add_control()
    _add_risk_step()


def _add_risk() -> None:
    op.create_table(
        "risk",
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("risk_class", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("consequence", sa.Text(), nullable=False),
        sa.Column("causes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("consequences", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("links", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reassess_cause", sa.Text(), nullable=True),
        sa.Column("assessments", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reassess_cause IN ('review_due', 'reopened', 'red_alert', 'acceptance_expired')",
            name=op.f("ck_risk_reassess_cause"),
        ),
        sa.CheckConstraint(
            "risk_class IN ('market', 'customer', 'competition', 'policy', 'operation', 'credit', 'supply', "
            "'compliance')",
            name=op.f("ck_risk_risk_class"),
        ),
        sa.CheckConstraint(
            "source IN ('market_survey', 'competitor_analysis', 'industry_tracking', 'credit_review', 'satisfaction', "
            "'relationship', 'rival_watch', 'law_watch', 'process', 'strategy', 'team_review', 'indicator', "
            "'incident')",
            name=op.f("ck_risk_source"),
        ),
        sa.CheckConstraint(
            "state IN ('identified', 'assessed', 'treated', 'monitored', 'closed')", name=op.f("ck_risk_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk")),
        sa.UniqueConstraint("code", name=op.f("uq_risk_code")),
        sa.UniqueConstraint("external_id", name=op.f("uq_risk_external_id")),
    )
    op.create_index("ix_risk_code_folded_id", "risk", [sa.text('lower(code COLLATE "C")'), "id"])
    op.create_index("ix_risk_created_at_id", "risk", ["created_at", "id"])
    op.create_index("ix_risk_due_at", "risk", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_index("ix_risk_grams", "risk", [sa.text("text_grams(search_key)")], postgresql_using="gin")
    op.create_index("ix_risk_name_folded", "risk", [sa.text("split_part(search_key, chr(10), 1)")])
    op.create_index("ix_risk_name_sort_id", "risk", ["name_sort", "id"])
    op.create_index("ix_risk_owner_id_created_at_id", "risk", ["owner_id", "created_at", "id"])
    op.create_index(
        "ix_risk_to_key",
        "risk",
        ["id"],
        postgresql_where=sa.text(
            "keyed_of IS DISTINCT FROM '1.1 ' || coalesce(title, '') || chr(10) || coalesce(code, '')"
        ),
    )
    op.create_index("ix_risk_unkeyed", "risk", ["id"], postgresql_where=sa.text("search_key IS NULL"))
    op.create_index(
        "uq_risk_code_folded",
        "risk",
        [sa.text('lower(code COLLATE "C")')],
        unique=True,
        postgresql_where=sa.text("NOT is_code_twin"),
    )


def _add_assessment() -> None:
    op.create_table(
        "assessment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("risk_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("likelihood", sa.Integer(), nullable=False),
        sa.Column("impact", sa.Integer(), nullable=False),
        sa.Column("band", sa.Text(), nullable=False),
        sa.Column("matrix_version", sa.Integer(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("assessed_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("band IN ('low', 'medium', 'high', 'extreme')", name=op.f("ck_assessment_band")),
        sa.CheckConstraint("kind IN ('inherent', 'current', 'residual')", name=op.f("ck_assessment_kind")),
        sa.CheckConstraint("likelihood BETWEEN 1 AND 5 AND impact BETWEEN 1 AND 5", name=op.f("ck_assessment_cell")),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_assessment_risk_id_risk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("risk_id", "ordinal", name=op.f("uq_assessment_risk_id_ordinal")),
    )
    op.create_index("ix_assessment_created_at_id", "assessment", ["created_at", "id"])


def _add_control() -> None:
    op.create_table(
        "control",
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("risk_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("claimed_effect", sa.Integer(), nullable=False),
        sa.Column("test_every_days", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tested_on", sa.Date(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("measured_effect", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('preventive', 'mitigating')", name=op.f("ck_control_kind")),
        sa.CheckConstraint("state IN ('planned', 'active', 'retired')", name=op.f("ck_control_state")),
        sa.CheckConstraint("verdict IN ('pass', 'fail')", name=op.f("ck_control_verdict")),
        sa.CheckConstraint(
            "(tested_on IS NULL) = (verdict IS NULL) AND (tested_on IS NULL) = (measured_effect IS NULL)",
            name=op.f("ck_control_tested_on"),
        ),
        sa.CheckConstraint("claimed_effect BETWEEN 0 AND 1000000", name=op.f("ck_control_claimed_effect")),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_control_risk_id_risk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_control")),
    )
    op.create_index("ix_control_created_at_id", "control", ["created_at", "id"])
    op.create_index("ix_control_grams", "control", [sa.text("text_grams(search_key)")], postgresql_using="gin")
    op.create_index("ix_control_name_folded", "control", [sa.text("split_part(search_key, chr(10), 1)")])
    op.create_index("ix_control_name_sort_id", "control", ["name_sort", "id"])
    op.create_index("ix_control_risk_id", "control", ["risk_id"])
    op.create_index(
        "ix_control_to_key",
        "control",
        ["id"],
        postgresql_where=sa.text("keyed_of IS DISTINCT FROM '1.1 ' || coalesce(title, '')"),
    )
    op.create_index("ix_control_unkeyed", "control", ["id"], postgresql_where=sa.text("search_key IS NULL"))


def _add_risk_step() -> None:
    op.create_table(
        "risk_step",
        sa.Column("risk_id", sa.Uuid(), nullable=False),
        sa.Column("risk_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "state IN ('identified', 'assessed', 'treated', 'monitored', 'closed')", name=op.f("ck_risk_step_state")
        ),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_risk_step_risk_id_risk")),
        sa.PrimaryKeyConstraint("risk_id", "risk_version", name=op.f("pk_risk_step")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("risk_step")
    op.drop_table("control")
    op.drop_table("assessment")
    op.drop_table("risk")
