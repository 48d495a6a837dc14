"""Pure rules of splitting a period into months or quarters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """A part of a period, first and last day included; `key` is `2026-01` or `2026-Q1`."""

    key: str
    first: date
    last: date


def split_period(first: date, last: date, months: int) -> list[Period]:
    """The calendar months (`months`=1) or quarters (3) of `first`..`last`, those at the ends cut to it."""
    found = []
    start = first
    while start <= last:
        begin = start.month - (start.month - 1) % months
        year, after = (start.year + 1, 1) if begin + months > 12 else (start.year, begin + months)
        end = min(last, date(year, after, 1) - timedelta(days=1))
        key = f"{start.year:04d}-{start.month:02d}" if months == 1 else f"{start.year:04d}-Q{(start.month + 2) // 3}"
        found.append(Period(key, start, end))
        start = end + timedelta(days=1)
    return found
