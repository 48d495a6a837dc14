"""Bodies of report schedules."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, StringConstraints

from kit.web.schema import ABSENT, Schema
from services.targets.report_schedules.enums import ReportCadence, ReportScheduleState

LocalTime = Annotated[str, StringConstraints(min_length=5, max_length=5, pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Hours and minutes in the company's zone."""


class ReportScheduleCreate(Schema):
    """Of which unit reports are written, with all below it, how often, and at what time of the day after the period."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "unit_id": "01989f2e-0000-7000-8000-0000000000b2",
                "cadence": "weekly",
                "local_time": "06:00",
            }
        }
    )

    unit_id: UUID
    cadence: ReportCadence
    local_time: LocalTime


class ReportScheduleUpdate(Schema):
    """Another time of the day; another unit or cadence is another schedule."""

    model_config = ConfigDict(json_schema_extra={"example": {"local_time": "07:30"}})

    local_time: LocalTime = ABSENT


class ReportScheduleRead(Schema):
    """A schedule of reports. The next one covers the period that begins on `next_start`, and is due at `due_at`, null
    when none is. What is due when a schedule is paused or archived (at `stopped_at`) is still written."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    unit_id: UUID
    cadence: ReportCadence
    local_time: str
    state: ReportScheduleState
    next_start: date
    due_at: datetime | None
    stopped_at: datetime | None
