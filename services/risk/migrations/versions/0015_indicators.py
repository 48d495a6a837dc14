"""Indicators with their readings, what they are counted from, and alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MEASURES = (
    "'overdue_ratio', 'dso', 'customer_concentration', 'channel_concentration', 'complaint_rate', 'sla_breach_rate', "
    "'obligations_overdue', 'target_shortfall', 'return_rate', 'cancellation_rate', 'refusal_rate', 'satisfaction', "
    "'churn_warnings', 'partner_conflicts', 'floor_breaches'"
)
_KINDS = "'placed', 'cancelled', 'confirmed', 'returned', 'promoter', 'detractor', 'answer'"
_LEVELS = "'green', 'amber', 'red'"


def _owned() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    ]


def upgrade() -> None:
    """Apply."""
    _add_indicator()
    _add_readings()
    _add_tallies()
    _add_alert()


def _add_indicator() -> None:
    op.create_table(
        "indicator",
        *_owned(),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("window_days", sa.Integer(), nullable=True),
        sa.Column("amber", sa.BigInteger(), nullable=False),
        sa.Column("red", sa.BigInteger(), nullable=False),
        sa.Column("hysteresis", sa.BigInteger(), nullable=False),
        sa.Column("min_sample", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("risk_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint(f"measure IN ({_MEASURES})", name=op.f("ck_indicator_measure")),
        sa.CheckConstraint("state IN ('active', 'paused')", name=op.f("ck_indicator_state")),
        sa.CheckConstraint(
            "num_nonnulls(account_id, partner_id, channel_id, target_id, region) <= 1", name=op.f("ck_indicator_scope")
        ),
        sa.CheckConstraint(
            "hysteresis BETWEEN 0 AND abs(red - amber) AND amber <> red", name=op.f("ck_indicator_bounds")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator")),
    )
    op.create_index("ix_indicator_created_at_id", "indicator", ["created_at", "id"])
    op.create_index("ix_indicator_owner_id_created_at_id", "indicator", ["owner_id", "created_at", "id"])


def _add_readings() -> None:
    op.create_table(
        "indicator_reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("sample", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("evaluated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_value", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"level IN ({_LEVELS})", name=op.f("ck_indicator_reading_level")),
        sa.ForeignKeyConstraint(["id"], ["indicator.id"], name=op.f("fk_indicator_reading_id_indicator")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_reading")),
    )
    op.create_index(
        "ix_indicator_reading_due_at",
        "indicator_reading",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_indicator_reading_measure", "indicator_reading", ["measure", "id"])
    op.create_table(
        "indicator_value",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("indicator_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("sample", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.CheckConstraint(f"level IN ({_LEVELS})", name=op.f("ck_indicator_value_level")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicator.id"], name=op.f("fk_indicator_value_indicator_id_indicator")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_value")),
    )
    op.create_index("ix_indicator_value_indicator_id_at_id", "indicator_value", ["indicator_id", "at", "id"])
    op.create_table(
        "indicator_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_mark")),
    )
    op.create_index("ix_indicator_mark_due_at", "indicator_mark", ["due_at"])


def _add_tallies() -> None:
    op.create_table(
        "tally_bucket",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_tally_bucket_kind")),
        sa.PrimaryKeyConstraint(
            "kind", "day", "account_id", "partner_id", "channel_id", "region", name=op.f("pk_tally_bucket")
        ),
    )
    op.create_index("ix_tally_bucket_account_id", "tally_bucket", ["account_id", "kind", "day"])
    op.create_table(
        "tally_source",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_tally_source")),
    )
    op.create_table(
        "tally_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("is_complaint", sa.Boolean(), nullable=False),
        sa.Column("is_breached", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_case")),
    )
    op.create_index("ix_tally_case_opened_on", "tally_case", ["opened_on"])
    op.create_table(
        "tally_warning",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("is_standing", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_tally_warning")),
    )
    op.create_index(
        "ix_tally_warning_standing", "tally_warning", ["account_id"], postgresql_where=sa.text("is_standing")
    )
    _add_channel_tallies()


def _add_channel_tallies() -> None:
    op.create_table(
        "tally_breach",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_breach")),
    )
    op.create_index("ix_tally_breach_day", "tally_breach", ["day"])
    op.create_table(
        "tally_conflict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_conflict")),
    )
    op.create_index("ix_tally_conflict_open", "tally_conflict", ["id"], postgresql_where=sa.text("is_open"))
    op.create_table(
        "target_pace",
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("pace", sa.BigInteger(), nullable=True),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("target_id", name=op.f("pk_target_pace")),
    )


def _add_alert() -> None:
    op.create_table(
        "risk_alert",
        *_owned(),
        sa.Column("indicator_id", sa.Uuid(), nullable=False),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("target_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("risk_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("is_escalation", sa.Boolean(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("silent_level", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'resolved')", name=op.f("ck_risk_alert_state")),
        sa.CheckConstraint(f"level IN ({_LEVELS})", name=op.f("ck_risk_alert_level")),
        sa.CheckConstraint(f"silent_level IN ({_LEVELS})", name=op.f("ck_risk_alert_silent_level")),
        sa.CheckConstraint("(state = 'resolved') = (resolved_on IS NOT NULL)", name=op.f("ck_risk_alert_resolved_on")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_alert")),
    )
    op.create_index("ix_risk_alert_created_at_id", "risk_alert", ["created_at", "id"])
    op.create_index("ix_risk_alert_owner_id_created_at_id", "risk_alert", ["owner_id", "created_at", "id"])
    op.create_index("ix_risk_alert_indicator_id", "risk_alert", ["indicator_id"])
    op.create_index(
        "uq_risk_alert_standing",
        "risk_alert",
        ["indicator_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_index("ix_risk_alert_risks", "risk_alert", ["risk_ids"], postgresql_using="gin")


def downgrade() -> None:
    """Take back."""
    op.drop_table("risk_alert")
    op.drop_table("target_pace")
    op.drop_table("tally_conflict")
    op.drop_table("tally_breach")
    op.drop_table("tally_warning")
    op.drop_table("tally_case")
    op.drop_table("tally_source")
    op.drop_table("tally_bucket")
    op.drop_table("indicator_mark")
    op.drop_table("indicator_value")
    op.drop_table("indicator_reading")
    op.drop_table("indicator")
