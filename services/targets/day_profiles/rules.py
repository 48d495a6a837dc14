"""Pure rules of the day profile: how much a day weighs, by its class and its month.

weight(day) = W[class] x S[month], both in 1e-6 and their product exact. W is the mean of a class of days over the mean
of all days of the base; S is what the days of a month brought beyond their W, over the mean of the twelve months.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from kit.calendar import FIRST_YEAR, LAST_YEAR, Calendar, DayKind, OwnKind
from kit.money import ratio
from services.targets.calendars.rules import working_days
from services.targets.day_profiles.enums import Basis

WHOLE = 1_000_000
SUNDAY, OFF, MAKE_UP, CLOSED = 6, 7, 8, 9
"""Classes: the weekdays from Monday (0), public days off, make-up days, and the company's own closing days."""
MIN_BASE = 56
MIN_YEAR = 365
RARE = 10
MOST_YEARS = 3

_ONE = timedelta(days=1)
_MONTHS = range(1, 13)

ClassOf = Callable[[date], int]


@dataclass(frozen=True, slots=True)
class DayProfile:
    """Weights of the classes and of the months from January, in 1e-6; without meaning on the basis working days."""

    basis: Basis
    classes: Sequence[int] = (WHOLE,) * CLOSED + (0,)
    months: Sequence[int] = (WHOLE,) * 12

    def weight(self, calendar: Calendar, first: date, last: date) -> int:
        """The sum over the days from `first` to `last`, both included, in 1e-12."""
        if self.basis is Basis.WORKING_DAYS:
            return working_days(calendar, first, last) * WHOLE * WHOLE
        return sum(
            self.classes[class_of(calendar, day)] * self.months[day.month - 1] for day in days_between(first, last)
        )


def days_between(first: date, last: date) -> list[date]:
    """The days from `first` to `last`, both included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def class_of(calendar: Calendar, day: date) -> int:
    """The class of a day; beyond the years that the calendar knows, its weekday."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        return day.weekday()
    if calendar.own.get(day) is OwnKind.OFF:
        return CLOSED
    return {DayKind.OFF: OFF, DayKind.MAKE_UP: MAKE_UP}.get(calendar.kind(day), day.weekday())


def years_before(day: date, years: int) -> date:
    """The same month and day some years earlier; of 29 February 28 February."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day.replace(year=day.year - years, day=28)


def end_year_earlier(day: date) -> date:
    """The end of a period a year earlier: the last day of a month stays one."""
    after = day + _ONE
    return years_before(after, 1) - _ONE if after.month != day.month else years_before(day, 1)


def base_of(start: date, today: date, known_from: date | None) -> tuple[date, date] | None:
    """The base of a period that begins on `start`: as many whole years (at most three) as results are known of, ended
    before the period and before today; less than a year when no more is known, None when nothing is."""
    end = min(start, today)
    if known_from is None or known_from >= end:
        return None
    whole = (years_before(end, years) for years in range(MOST_YEARS, 0, -1))
    return next((first for first in whole if first >= known_from), known_from), end - _ONE


def day_profile(results: Mapping[date, int], class_of_day: ClassOf, first: date, last: date) -> DayProfile:
    """The profile of a base: its results by day (those of days without any are 0), closing days left out.

    A base of less than 365 days or with a month of no result has no months (`weekdays`); one of less than 56 days, or
    whose results sum to nothing, is no base (`working_days`). A class whose results are negative weighs 0.
    """
    days = {day: number for day in days_between(first, last) if (number := class_of_day(day)) != CLOSED}
    total = sum(results.get(day, 0) for day in days)
    if (last - first).days + 1 < MIN_BASE or total <= 0:
        return DayProfile(Basis.WORKING_DAYS)
    classes = _classes(results, days, total)
    months = _months(results, days, classes) if (last - first).days + 1 >= MIN_YEAR else None
    if months is None:
        return DayProfile(Basis.WEEKDAYS, classes)
    return DayProfile(Basis.PROFILE, classes, months)


def _classes(results: Mapping[date, int], days: Mapping[date, int], total: int) -> list[int]:
    counts, sums = Counter(days.values()), Counter[int]()
    for day, number in days.items():
        sums[number] += results.get(day, 0)
    classes = range(CLOSED)
    return class_weights([counts[number] for number in classes], [sums[number] for number in classes], total)


def class_weights(counts: Sequence[int], sums: Sequence[int], total: int) -> list[int]:
    """W of each class, by how many days of the base it has and what they brought, and of own closing days (0); `total`,
    what all of them brought, is positive."""
    days = sum(counts)
    weights = [
        max(0, ratio(sums[number], days * WHOLE, counts[number] * total)) if counts[number] else WHOLE
        for number in range(CLOSED)
    ]
    if counts[OFF] < RARE:
        weights[OFF] = weights[SUNDAY]
    if counts[MAKE_UP] < RARE:
        weights[MAKE_UP] = ratio(sum(weights[:5]), 1, 5)
    return [*weights, 0]


def _months(results: Mapping[date, int], days: Mapping[date, int], classes: Sequence[int]) -> list[int] | None:
    sums, expected = Counter[int](), Counter[int]()
    for day, number in days.items():
        sums[day.month] += results.get(day, 0)
        expected[day.month] += classes[number]
    if any(sums[month] <= 0 or not expected[month] for month in _MONTHS):
        return None
    raw = [Fraction(sums[month], expected[month]) for month in _MONTHS]
    shares = [each * len(raw) / sum(raw) for each in raw]
    return [ratio(WHOLE, share.numerator, share.denominator) for share in shares]
