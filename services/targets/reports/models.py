"""Reports as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, document, identifier, identifiers, moment, one_of, text
from services.targets.db import Base
from services.targets.report_schedules.enums import ReportCadence
from services.targets.reports.schemas import ReportBody


class Report(FrozenRow):
    """What stood at the end of a period, and the SHA-256 of its canonical form; it never changes. `root_ids` are the
    trees whose targets it shows, `targets` how many these are."""

    __tablename__ = "report"

    id: Annotated[UUID, identifier(primary_key=True)]
    schedule_id: Annotated[UUID, identifier(nullable=False)]
    unit_id: Annotated[UUID, identifier(nullable=False)]
    cadence: Annotated[ReportCadence, text(nullable=False)]
    period_key: Annotated[str, text(nullable=False)]
    period_start: Annotated[date, Field(nullable=False)]
    period_end: Annotated[date, Field(nullable=False)]
    targets: Annotated[int, Field(nullable=False)]
    root_ids: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    body: Annotated[ReportBody, DECODED, document(nullable=False)]
    sha256: Annotated[str, text(nullable=False)]
    due_at: Annotated[datetime, moment(nullable=False)]
    written_at: Annotated[datetime, moment(nullable=False)]
    late_by: Annotated[int, Field(sa_type=sa.BigInteger, nullable=False)]


class ReportTable(Report, Base, table=True):
    """Reports; a trigger refuses every change."""

    __table_args__ = (
        one_of("cadence", ReportCadence),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        sa.CheckConstraint("late_by >= 0", name="late_by"),
        sa.UniqueConstraint("schedule_id", "period_start"),
        sa.Index("ix_report_unit_id_written_at_id", "unit_id", "written_at", "id"),
        sa.Index("ix_report_written_at_id", "written_at", "id"),
        sa.Index("ix_report_root_ids", "root_ids", postgresql_using="gin"),
    )
