"""Pure rules of splitting a period by the calendar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from services.targets.decompositions.enums import Dimension

MONTHS: Mapping[Dimension, int] = MappingProxyType(
    {Dimension.YEAR: 12, Dimension.HALF_YEAR: 6, Dimension.QUARTER: 3, Dimension.MONTH: 1}
)
_ONE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """A part of a period, first and last day included; `key` is `2026`, `2026-H1`, `2026-Q1`, `2026-01`, `2026-W01` (by
    the ISO year) or `2026-01-31`."""

    key: str
    first: date
    last: date


def periods_of(dimension: Dimension, first: date, last: date) -> list[Period]:
    """The parts of `first`..`last` in a dimension of time, those at the ends cut to it."""
    if months := MONTHS.get(dimension):
        return split_period(first, last, months)
    step = 7 if dimension is Dimension.WEEK else 1
    found = []
    start = first
    while start <= last:
        end = min(last, start + timedelta(days=(6 - start.weekday()) % step))
        found.append(Period(_week(start) if step == 7 else start.isoformat(), start, end))
        start = end + _ONE
    return found


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


def split_period(first: date, last: date, months: int) -> list[Period]:
    """The calendar months (`months`=1), quarters (3), half years (6) or years (12) of `first`..`last`, those at
    the ends cut to it."""
    found = []
    start = first
    while start <= last:
        begin = start.month - (start.month - 1) % months
        year, after = (start.year + 1, 1) if begin + months > 12 else (start.year, begin + months)
        end = min(last, date(year, after, 1) - _ONE)
        found.append(Period(_key(start, months), start, end))
        start = end + _ONE
    return found


def _key(day: date, months: int) -> str:
    number = (day.month - 1) // months + 1
    suffix = {1: f"-{number:02d}", 3: f"-Q{number}", 6: f"-H{number}", 12: ""}[months]
    return f"{day.year:04d}{suffix}"
