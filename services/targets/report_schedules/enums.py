"""Words of report schedules."""

from __future__ import annotations

from enum import StrEnum


class ReportCadence(StrEnum):
    """How long the periods are that reports cover: a day, an ISO week, a month."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ReportScheduleState(StrEnum):
    """A paused schedule may go on, an archived one is restored first: it is paused then."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"
