"""Pure rules of report schedules: their moves, periods, and when the report of a period is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from kit.transitions import Move, Moves
from services.targets.report_schedules.enums import ReportCadence, ReportScheduleState

NOUN = "report-schedule"
_ACTIVE, _PAUSED, _ARCHIVED = ReportScheduleState
MOVES: Moves[ReportScheduleState] = {
    "pause": Move((_ACTIVE,), _PAUSED),
    "resume": Move((_PAUSED,), _ACTIVE),
    "archive": Move((_ACTIVE, _PAUSED), _ARCHIVED),
    "restore": Move((_ARCHIVED,), _PAUSED),
}
CHANGEABLE = (_ACTIVE, _PAUSED)
_ONE = timedelta(days=1)


class Period(NamedTuple):
    """A business period, both ends included; a week has the year of its ISO number in its key."""

    key: str
    first: date
    last: date

    def following(self, cadence: ReportCadence) -> Period:
        """The period that begins when this one is over."""
        return period_of(cadence, self.last + _ONE)


def period_of(cadence: ReportCadence, day: date) -> Period:
    """The period that a day lies in."""
    if cadence is ReportCadence.DAILY:
        return Period(day.isoformat(), day, day)
    if cadence is ReportCadence.WEEKLY:
        year, week, weekday = day.isocalendar()
        first = day - timedelta(days=weekday - 1)
        return Period(f"{year:04d}-W{week:02d}", first, first + timedelta(days=6))
    first = day.replace(day=1)
    last = (first + timedelta(days=31)).replace(day=1) - _ONE
    return Period(f"{first:%Y-%m}", first, last)


def due_moment(timezone: str, period: Period, local_time: str) -> datetime:
    """When the report of a period is written: at the local time of the day after its last."""
    return datetime.combine(period.last + _ONE, time.fromisoformat(local_time), ZoneInfo(timezone)).astimezone(UTC)
