"""Report schedules, and the reports that they write, which nobody changes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_CADENCES = "cadence IN ('daily', 'weekly', 'monthly')"
_REFUSE = """
CREATE FUNCTION report_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'reports never change' USING ERRCODE = 'integrity_constraint_violation';
END $$
"""
_ON_ROWS = """
-- widens: the table is new, and nobody writes it but by inserts
CREATE TRIGGER report_immutable BEFORE UPDATE OR DELETE ON report
FOR EACH ROW EXECUTE FUNCTION report_immutable()
"""
_ON_ALL = """
-- widens: the table is new, and nobody writes it but by inserts
CREATE TRIGGER report_kept BEFORE TRUNCATE ON report
FOR EACH STATEMENT EXECUTE FUNCTION report_immutable()
"""


def _moment(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), **options)


def _schedules() -> None:
    op.create_table(
        "report_schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *(_moment(name, server_default=sa.text("now()"), nullable=False) for name in ("created_at", "updated_at")),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("local_time", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_start", sa.Date(), nullable=False),
        _moment("due_at", nullable=True),
        _moment("stopped_at", nullable=True),
        sa.CheckConstraint(_CADENCES, name=op.f("ck_report_schedule_cadence")),
        sa.CheckConstraint("state IN ('active', 'paused', 'archived')", name=op.f("ck_report_schedule_state")),
        sa.CheckConstraint("(state = 'active') = (stopped_at IS NULL)", name=op.f("ck_report_schedule_stopped_at")),
        sa.CheckConstraint("state <> 'active' OR due_at IS NOT NULL", name=op.f("ck_report_schedule_due_at")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_schedule")),
    )
    op.create_index("ix_report_schedule_unit_id", "report_schedule", ["unit_id"])
    op.create_index("ix_report_schedule_created_at_id", "report_schedule", ["created_at", "id"])
    op.create_index(
        "ix_report_schedule_due_at", "report_schedule", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )


def _reports() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("period_key", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("targets", sa.Integer(), nullable=False),
        sa.Column("root_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        _moment("due_at", nullable=False),
        _moment("written_at", nullable=False),
        sa.Column("late_by", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(_CADENCES, name=op.f("ck_report_cadence")),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_report_sha256")),
        sa.CheckConstraint("late_by >= 0", name=op.f("ck_report_late_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("schedule_id", "period_start", name=op.f("uq_report_schedule_id_period_start")),
    )
    op.create_index("ix_report_unit_id_written_at_id", "report", ["unit_id", "written_at", "id"])
    op.create_index("ix_report_written_at_id", "report", ["written_at", "id"])
    op.create_index("ix_report_root_ids", "report", ["root_ids"], postgresql_using="gin")
    for statement in (_REFUSE, _ON_ROWS, _ON_ALL):
        op.execute(statement)


def upgrade() -> None:
    """Apply."""
    _schedules()
    _reports()


def downgrade() -> None:
    """Take back."""
    op.drop_table("report")
    op.drop_table("report_schedule")
    op.execute("DROP FUNCTION report_immutable()")
