"""Pure rules of the calendar: days with their sources, and working days of any period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from kit.calendar import FIRST_YEAR, LAST_YEAR, Calendar, DayKind, OwnKind
from services.targets.calendars.enums import DaySource

FIRST_DAY, LAST_DAY = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
MAX_DAYS = 800

_WORKDAYS = 5
_ONE = timedelta(days=1)


class Said(NamedTuple):
    """What the company says of a day; `kind` is None once that was taken back."""

    day: date
    kind: str | None
    reason: str
    version: int


class Day(NamedTuple):
    """A day of the calendar. `reason` is that of an own day; `version` counts what the company said of it."""

    date: date
    kind: DayKind
    source: DaySource
    reason: str | None
    version: int


def own_days(said: Iterable[Said]) -> tuple[tuple[date, OwnKind], ...]:
    """Days of which the company says itself what they are."""
    return tuple((one.day, OwnKind(one.kind)) for one in said if one.kind is not None)


def days_of(calendar: Calendar, said: Iterable[Said], first: date, last: date) -> list[Day]:
    """The days from `first` to `last`, both included. Raises OutsideCalendar."""
    by_day = {one.day: one for one in said}
    return [_day(calendar, by_day, first + timedelta(days=offset)) for offset in range((last - first).days + 1)]


def _day(calendar: Calendar, said: Mapping[date, Said], day: date) -> Day:
    kind, own = calendar.kind(day), said.get(day)
    version = own.version if own else 0
    if own and own.kind:
        return Day(day, kind, DaySource.OWN, own.reason, version)
    is_public = kind in (DayKind.OFF, DayKind.MAKE_UP)
    return Day(day, kind, DaySource.PUBLIC if is_public else DaySource.WEEK, None, version)


def working_days(calendar: Calendar, first: date, last: date) -> int:
    """Working days from `first` to `last`, both included, 0 when `last` is before `first`; of days beyond the years
    that the calendar knows, Monday to Friday."""
    low, high = max(first, FIRST_DAY), min(last, LAST_DAY)
    inside = calendar.working_days_between(low, high) if low <= high else 0
    return inside + _weekdays(first, min(last, FIRST_DAY - _ONE)) + _weekdays(max(first, LAST_DAY + _ONE), last)


def _weekdays(first: date, last: date) -> int:
    if last < first:
        return 0
    weeks, rest = divmod((last - first).days + 1, 7)
    return weeks * _WORKDAYS + sum((first.weekday() + offset) % 7 < _WORKDAYS for offset in range(rest))
