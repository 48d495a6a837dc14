"""Action plans, adjustments, and the alerts of risk that may call for one."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_DUE: dict[str, Any] = {"postgresql_where": sa.text("due_at IS NOT NULL")}


def _owned() -> list[sa.Column[Any]]:
    moments = [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    ]
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *moments,
    ]


def _index_names(table: str) -> None:
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


def _action_plans() -> None:
    op.create_table(
        "action_plan",
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        *_owned(),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("steps", postgresql.JSONB(), nullable=False),
        sa.Column("resources", postgresql.JSONB(), nullable=False),
        sa.Column("risks", postgresql.JSONB(), nullable=False),
        sa.Column("doers", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("progress", sa.BigInteger(), nullable=True),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'active', 'done', 'dropped')", name=op.f("ck_action_plan_state")),
        sa.CheckConstraint("progress BETWEEN 0 AND 1000000", name=op.f("ck_action_plan_progress")),
        sa.CheckConstraint("due_at IS NULL OR state = 'active'", name=op.f("ck_action_plan_due_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_plan")),
    )
    _index_names("action_plan")
    op.create_index("ix_action_plan_target_id", "action_plan", ["target_id"])
    op.create_index("ix_action_plan_owner_id", "action_plan", ["owner_id"])
    op.create_index("ix_action_plan_created_at_id", "action_plan", ["created_at", "id"])
    op.create_index("ix_action_plan_doers", "action_plan", ["doers"], postgresql_using="gin")
    op.create_index("ix_action_plan_due_at", "action_plan", ["due_at"], **_DUE)


def _adjustments() -> None:
    op.create_table(
        "adjustment",
        *_owned(),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("trigger", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.Column("risk_alert_id", sa.Uuid(), nullable=True),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("measures", postgresql.JSONB(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("expected_effect", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("authored_by", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("executed_by", sa.Text(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("executed_on", sa.Date(), nullable=True),
        sa.Column("measured_on", sa.Date(), nullable=True),
        sa.Column("effect", postgresql.JSONB(), nullable=True),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("trigger IN ('alert', 'risk_alert', 'manual')", name=op.f("ck_adjustment_trigger")),
        sa.CheckConstraint(
            "strategy IN ('resource', 'position', 'tactic', 'training_incentive')", name=op.f("ck_adjustment_strategy")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'proposed', 'approved', 'executing', 'executed', 'measured', 'dropped')",
            name=op.f("ck_adjustment_state"),
        ),
        sa.CheckConstraint("(trigger = 'alert') = (alert_id IS NOT NULL)", name=op.f("ck_adjustment_alert_id")),
        sa.CheckConstraint(
            "(trigger = 'risk_alert') = (risk_alert_id IS NOT NULL)", name=op.f("ck_adjustment_risk_alert_id")
        ),
        sa.CheckConstraint(
            "(state IN ('executed', 'measured')) = (executed_on IS NOT NULL)", name=op.f("ck_adjustment_executed_on")
        ),
        sa.CheckConstraint("(state = 'measured') = (effect IS NOT NULL)", name=op.f("ck_adjustment_effect")),
        sa.CheckConstraint("due_at IS NULL OR state IN ('executing', 'executed')", name=op.f("ck_adjustment_due_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
    )
    op.create_index("ix_adjustment_target_id", "adjustment", ["target_id"])
    op.create_index("ix_adjustment_plan_id", "adjustment", ["plan_id"], postgresql_where=sa.text("plan_id IS NOT NULL"))
    op.create_index("ix_adjustment_created_at_id", "adjustment", ["created_at", "id"])
    op.create_index(
        "ix_adjustment_started_on", "adjustment", ["started_on"], postgresql_where=sa.text("started_on IS NOT NULL")
    )
    op.create_index("ix_adjustment_due_at", "adjustment", ["due_at"], **_DUE)


def _risk_alerts() -> None:
    op.create_table(
        "risk_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_alert")),
    )


def upgrade() -> None:
    """Apply."""
    _action_plans()
    _adjustments()
    _risk_alerts()


def downgrade() -> None:
    """Take back."""
    for table in ("risk_alert", "adjustment", "action_plan"):
        op.drop_table(table)
