"""Cases with the clocks of their service levels, policies, own days and leads of units."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

SLA: dict[str, Any] = {
    "times": {
        "critical": {"first_response": 60, "resolution": 480},
        "high": {"first_response": 120, "resolution": 960},
        "medium": {"first_response": 240, "resolution": 1440},
        "low": {"first_response": 480, "resolution": 2400},
    },
    "grades": {"grade_a": 1000000, "grade_b": 1000000, "grade_c": 1500000, "grade_d": 2000000, "none": 1500000},
}
_INSTALL = """
INSERT INTO customer_policy (id, kind, policy_version, body, reason, state, created_by, valid_from, activation)
VALUES ('{id}', '{kind}', 1, '{body}', 'Installed', 'active', 'system', '1900-01-01', 1)
"""


def upgrade() -> None:
    """Apply."""
    _policies()
    _projections()
    _cases()
    _clocks()
    row_id = "01989f2e-0000-7000-8000-000000000001"
    op.execute(_INSTALL.format(id=row_id, kind="sla", body=json.dumps(SLA)))


def downgrade() -> None:
    """Take back."""
    for table in ("case_clock", "service_case", "case_year", "calendar_year", "unit_lead", "customer_policy"):
        op.drop_table(table)


def _policies() -> None:
    op.create_table(
        "customer_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("activation", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state = 'draft') = (valid_from IS NULL) AND (state = 'draft') = (activation IS NULL)",
            name=op.f("ck_customer_policy_activation"),
        ),
        sa.CheckConstraint("kind IN ('sla')", name=op.f("ck_customer_policy_kind")),
        sa.CheckConstraint("state IN ('draft', 'active', 'superseded')", name=op.f("ck_customer_policy_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_policy")),
        sa.UniqueConstraint("kind", "activation", name=op.f("uq_customer_policy_kind_activation")),
        sa.UniqueConstraint("kind", "policy_version", name=op.f("uq_customer_policy_kind_policy_version")),
    )
    op.create_index("ix_customer_policy_created_at_id", "customer_policy", ["created_at", "id"], unique=False)
    op.create_index(
        "uq_customer_policy_active",
        "customer_policy",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    )


def _projections() -> None:
    op.create_table(
        "unit_lead",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_lead")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("days", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )


def _cases() -> None:
    op.create_table(
        "case_year",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_case_year")),
    )
    op.create_table(
        "service_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("remedy_sought", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("second_owner_id", sa.Uuid(), nullable=True),
        sa.Column("recurrence_of", sa.Uuid(), nullable=True),
        sa.Column("complexity", sa.Text(), nullable=True),
        sa.Column("impact", sa.Text(), nullable=True),
        sa.Column("immediate_action", sa.Boolean(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("response_sha256", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_sha256", sa.Text(), nullable=True),
        sa.Column("root_cause", sa.Text(), nullable=True),
        sa.Column("remedy", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("is_accepted", sa.Boolean(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.Text(), nullable=True),
        sa.Column("escalation_level", sa.Integer(), nullable=False),
        sa.Column("escalated_to", sa.Uuid(), nullable=True),
        sa.Column("breaches", sa.Integer(), nullable=False),
        sa.Column("grade", sa.Text(), nullable=True),
        sa.Column("sla_version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'closed') = (closed_on IS NOT NULL)", name=op.f("ck_service_case_closed")),
        sa.CheckConstraint("complexity IN ('low', 'medium', 'high')", name=op.f("ck_service_case_complexity")),
        sa.CheckConstraint("grade IN ('A', 'B', 'C', 'D')", name=op.f("ck_service_case_grade")),
        sa.CheckConstraint("impact IN ('low', 'medium', 'high')", name=op.f("ck_service_case_impact")),
        sa.CheckConstraint(
            "kind IN ('question', 'incident', 'complaint', 'feedback')", name=op.f("ck_service_case_kind")
        ),
        sa.CheckConstraint("severity IN ('critical', 'high', 'medium', 'low')", name=op.f("ck_service_case_severity")),
        sa.CheckConstraint(
            "state IN ('received', 'acknowledged', 'assessed', 'investigating', 'responded', 'closed')",
            name=op.f("ck_service_case_state"),
        ),
        sa.CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name=op.f("ck_service_case_paused")),
        sa.CheckConstraint("(response IS NULL) = (response_sha256 IS NULL)", name=op.f("ck_service_case_response")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_service_case_account_id_account")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_service_case_contact_id_contact")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_service_case_order_id_orders")),
        sa.ForeignKeyConstraint(
            ["recurrence_of"], ["service_case.id"], name=op.f("fk_service_case_recurrence_of_service_case")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_case")),
        sa.UniqueConstraint("number", name=op.f("uq_service_case_number")),
    )
    op.create_index(
        "ix_service_case_account_id_created_at_id", "service_case", ["account_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_service_case_created_at_id", "service_case", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_service_case_due_at",
        "service_case",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_service_case_owner_id_created_at_id", "service_case", ["owner_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_service_case_second_owner_id_created_at_id",
        "service_case",
        ["second_owner_id", "created_at", "id"],
        unique=False,
    )


def _clocks() -> None:
    op.create_table(
        "case_clock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worked_us", sa.BigInteger(), nullable=False),
        sa.Column("runs_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("raise_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_raised", sa.Boolean(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detected_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("clock IN ('first_response', 'resolution')", name=op.f("ck_case_clock_clock")),
        sa.CheckConstraint("(breached_at IS NULL) = (detected_at IS NULL)", name=op.f("ck_case_clock_breach")),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_case_clock_case_id_service_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_clock")),
        sa.UniqueConstraint("case_id", "clock", "attempt", name=op.f("uq_case_clock_case_id_clock_attempt")),
    )
