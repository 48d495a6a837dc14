"""Scenarios; studies with what they ran with and what they have shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_CLASSES = "'market', 'customer', 'competition', 'policy', 'operation', 'credit', 'supply', 'compliance'"


def _owned() -> list[sa.Column[object]]:
    return [
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def _index_names(table: str) -> None:
    op.create_index(f"ix_{table}_created_at_id", table, ["created_at", "id"])
    op.create_index(f"ix_{table}_grams", table, [sa.text("text_grams(search_key)")], postgresql_using="gin")
    op.create_index(f"ix_{table}_name_folded", table, [sa.text("split_part(search_key, chr(10), 1)")])
    op.create_index(f"ix_{table}_name_sort_id", table, ["name_sort", "id"])
    op.create_index(
        f"ix_{table}_to_key",
        table,
        ["id"],
        postgresql_where=sa.text("keyed_of IS DISTINCT FROM '1.1 ' || coalesce(name, '')"),
    )
    op.create_index(f"ix_{table}_unkeyed", table, ["id"], postgresql_where=sa.text("search_key IS NULL"))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "scenario",
        *_owned(),
        sa.Column("risk_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("frequency", postgresql.JSONB(), nullable=False),
        sa.Column("severity", postgresql.JSONB(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("estimate", postgresql.JSONB(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("origin IN ('entered', 'estimated')", name=op.f("ck_scenario_origin")),
        sa.CheckConstraint("state IN ('active', 'archived')", name=op.f("ck_scenario_state")),
        sa.ForeignKeyConstraint(["risk_id"], ["risk.id"], name=op.f("fk_scenario_risk_id_risk")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenario")),
    )
    _index_names("scenario")
    op.create_index("ix_scenario_risk_id", "scenario", ["risk_id"])
    _add_study()
    _add_run()


def _add_study() -> None:
    op.create_table(
        "study",
        *_owned(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("scenario_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("correlations", postgresql.JSONB(), nullable=False),
        sa.Column("horizon_months", sa.Integer(), nullable=False),
        sa.Column("appetite", sa.BigInteger(), nullable=True),
        sa.Column("tolerance", postgresql.JSONB(), nullable=False),
        sa.Column("planned_revenue", sa.BigInteger(), nullable=True),
        sa.Column("is_reference", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("expected_loss", sa.BigInteger(), nullable=True),
        sa.Column("var_95", sa.BigInteger(), nullable=True),
        sa.Column("var_99", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'running', 'completed', 'failed', 'cancelled')", name=op.f("ck_study_state")
        ),
        sa.CheckConstraint("(state = 'draft') = (started_at IS NULL)", name=op.f("ck_study_started_at")),
        sa.CheckConstraint(
            "(state IN ('draft', 'running')) = (finished_at IS NULL)", name=op.f("ck_study_finished_at")
        ),
        sa.CheckConstraint("state = 'draft' OR seed IS NOT NULL", name=op.f("ck_study_seed")),
        sa.CheckConstraint("(state = 'completed') = (expected_loss IS NOT NULL)", name=op.f("ck_study_expected_loss")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
    )
    _index_names("study")
    op.create_index("ix_study_due_at", "study", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_index("ix_study_owner_id_created_at_id", "study", ["owner_id", "created_at", "id"])
    op.create_index(
        "ix_study_reference",
        "study",
        ["finished_at", "id"],
        postgresql_where=sa.text("is_reference AND state = 'completed'"),
    )


def _add_run() -> None:
    op.create_table(
        "study_run",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("account_exposures", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("partner_exposures", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("likelihood_bounds", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("impact_bounds", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_run_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_study_run")),
    )
    op.create_table(
        "study_scenario",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("scenario_id", sa.Uuid(), nullable=False),
        sa.Column("scenario_version", sa.Integer(), nullable=False),
        sa.Column("risk_id", sa.Uuid(), nullable=False),
        sa.Column("risk_class", sa.Text(), nullable=False),
        sa.Column("target_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("frequency", postgresql.JSONB(), nullable=False),
        sa.Column("severity", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint(f"risk_class IN ({_CLASSES})", name=op.f("ck_study_scenario_risk_class")),
        sa.ForeignKeyConstraint(["scenario_id"], ["scenario.id"], name=op.f("fk_study_scenario_scenario_id_scenario")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_scenario_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", "scenario_id", name=op.f("pk_study_scenario")),
    )
    op.create_index("ix_study_scenario_scenario_id", "study_scenario", ["scenario_id"])
    op.create_table(
        "study_result",
        sa.Column("study_id", sa.Uuid(), nullable=False),
        sa.Column("results", postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_study_result_study_id_study")),
        sa.PrimaryKeyConstraint("study_id", name=op.f("pk_study_result")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("study_result")
    op.drop_table("study_scenario")
    op.drop_table("study_run")
    op.drop_table("study")
    op.drop_table("scenario")
