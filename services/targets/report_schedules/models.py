"""Report schedules as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import OwnedRow, identifier, moment, one_of, text
from services.targets.db import Base
from services.targets.report_schedules.enums import ReportCadence, ReportScheduleState


class ReportSchedule(OwnedRow):
    """Of which unit and how often reports are written, at a local time of the day after their period. The next one
    covers the period that begins on `next_start`, and is due at `due_at`; one that was stopped (`stopped_at`) still
    writes what was due by then."""

    __tablename__ = "report_schedule"

    unit_id: Annotated[UUID, identifier(nullable=False)]
    cadence: Annotated[ReportCadence, text(nullable=False)]
    local_time: Annotated[str, text(nullable=False)]
    state: Annotated[ReportScheduleState, text(nullable=False)]
    next_start: Annotated[date, Field(nullable=False)]
    due_at: Annotated[datetime | None, moment(nullable=True)] = None
    stopped_at: Annotated[datetime | None, moment(nullable=True)] = None


class ReportScheduleTable(ReportSchedule, Base, table=True):
    """Report schedules."""

    __table_args__ = (
        one_of("cadence", ReportCadence),
        one_of("state", ReportScheduleState),
        sa.CheckConstraint("(state = 'active') = (stopped_at IS NULL)", name="stopped_at"),
        sa.CheckConstraint("state <> 'active' OR due_at IS NOT NULL", name="due_at"),
        sa.Index("ix_report_schedule_unit_id", "unit_id"),
        sa.Index("ix_report_schedule_created_at_id", "created_at", "id"),
        sa.Index("ix_report_schedule_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )
