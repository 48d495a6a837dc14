"""Grades A to D: by cumulative share or by thresholds, held against small moves, joined by a matrix. Pure functions.

Values are minor units of the base currency, shares and the width of the hysteresis millionths. The repository grades by
the same rules in one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from services.customer.accounts.enums import TenureClass
from services.customer.grading.enums import Strategy
from services.customer.policies.enums import Grade, GradingPeriod

FORMULA_VERSION: Final = 1
WHOLE: Final = 1_000_000
TRAILING_DAYS: Final = 365
LONG_YEARS: Final = 3
LEAVING_DAYS: Final = 30
"""How far ahead is asked what leaves the period."""
LEAST_COSTED: Final = 800_000
"""Share of net whose cost is known, from which on a profit is a figure."""
GRADES: Final = tuple(Grade)
BOUNDED: Final = GRADES[:-1]

Cuts = Mapping[Grade, int]
"""A number for A, B and C: the cumulative share under which the grade is given, or the least value that has it. A grade
that nobody has, has no boundary."""


class Window(NamedTuple):
    """The days of which sales count, both ends included, and the last day of the calendar period (None: it moves)."""

    first: date
    last: date
    ends_on: date | None


def window(period: GradingPeriod, as_of: date) -> Window:
    """The days of a period up to a day."""
    if period is GradingPeriod.TRAILING_365:
        return Window(as_of - timedelta(days=TRAILING_DAYS - 1), as_of, None)
    if period is GradingPeriod.CALENDAR_YEAR:
        return Window(date(as_of.year, 1, 1), as_of, date(as_of.year, 12, 31))
    first_month = as_of.month - (as_of.month - 1) % 3
    last = date(as_of.year, first_month + 2, 31 if first_month in (1, 10) else 30)
    return Window(date(as_of.year, first_month, 1), as_of, last)


def leaving(period: GradingPeriod, as_of: date) -> tuple[date, date] | None:
    """The days, both included, that count now and do not any more in 30 days; None when all still do."""
    now = window(period, as_of)
    try:
        later = window(period, as_of + timedelta(days=LEAVING_DAYS)).first
    except OverflowError:
        return None
    last = min(later - timedelta(days=1), as_of)
    return (now.first, last) if last >= now.first else None


def by_share(values: Iterable[int], shares: Cuts) -> dict[int, Grade]:
    """Grade of each value by the share of the whole that lies before its group; empty when no value is above 0.

    Equal values are one group. What is not above 0 is D and adds nothing.
    """
    counts: dict[int, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    total = sum(value * count for value, count in counts.items() if value > 0)
    if not total:
        return {}
    found, before = {}, 0
    for value in sorted(counts, reverse=True):
        is_under = [grade for grade in BOUNDED if value > 0 and before * WHOLE < shares[grade] * total]
        found[value] = is_under[0] if is_under else Grade.D
        before += max(value, 0) * counts[value]
    return found


def by_value(value: int, boundaries: Cuts, factor: int = WHOLE) -> Grade:
    """The best grade whose boundary, times `factor` millionths, the value reaches; D when it reaches none."""
    for grade in BOUNDED:
        if grade in boundaries and value * WHOLE >= boundaries[grade] * factor:
            return grade
    return Grade.D


def boundaries_of(grades: Mapping[int, Grade]) -> dict[Grade, int]:
    """The smallest value of each grade above D."""
    found: dict[Grade, int] = {}
    for value, grade in grades.items():
        if grade is not Grade.D:
            found[grade] = min(value, found.get(grade, value))
    return found


class Held(NamedTuple):
    """What the run before said of an account: the grade it gave, and the one the value had by itself."""

    grade: Grade
    raw: Grade


def held(value: int, raw: Grade, boundaries: Cuts, before: Held | None, h: int) -> Grade:
    """The grade of a value that has `raw` by itself; `before` is None without a run before under the same policy.

    A value that passes the boundaries shifted against its move by `h` has the grade they give; one that lies on the
    same side twice has the nearer of its two raw grades; else the grade stays. Where boundaries lie closer together
    than `h`, shifted ones would turn a move round: they never give a grade on the other side.
    """
    if before is None or raw is before.grade:
        return raw
    current = before.grade
    if raw < current:
        shifted = min(by_value(value, boundaries, WHOLE + h), current)
        again = max(raw, before.raw) if before.raw < current else current
    else:
        shifted = max(by_value(value, boundaries, WHOLE - h), current)
        again = min(raw, before.raw) if before.raw > current else current
    return shifted if shifted is not current else again


def overall(revenue: Grade, profit: Grade | None, matrix: Mapping[Grade, Mapping[Grade, Grade]]) -> Grade:
    """The grade of an account: rows by revenue, columns by profit; by revenue alone where profit is not known."""
    return revenue if profit is None else matrix[revenue][profit]


def long_before(as_of: date) -> date:
    """The last day of a first order that makes an account one of long standing: three years before a day."""
    try:
        return as_of.replace(year=as_of.year - LONG_YEARS)
    except ValueError:  # 29 February
        return as_of.replace(year=as_of.year - LONG_YEARS, day=28)


def tenure(first_order: date, as_of: date) -> TenureClass:
    """Long from three years after the first order on."""
    return TenureClass.LONG if first_order <= long_before(as_of) else TenureClass.SHORT


def strategy(grade: Grade, tenure_class: TenureClass) -> Strategy:
    """A and B are kept or won, C and D kept cheaply or looked at."""
    if grade in (Grade.A, Grade.B):
        return Strategy.KEY_SERVICE if tenure_class is TenureClass.LONG else Strategy.DEVELOP
    return Strategy.MAINTAIN if tenure_class is TenureClass.LONG else Strategy.REVIEW


class NextGrade(NamedTuple):
    """The grade above that is nearest, its boundary, and what is missing (not above 0: the value has reached it, the
    grade is held)."""

    grade: Grade
    boundary: int
    gap: int


def next_grade(value: int, grade: Grade, boundaries: Cuts) -> NextGrade | None:
    """What it takes to rise; None for A, and where nobody has a better grade."""
    above: Sequence[Grade] = [one for one in BOUNDED if one < grade and one in boundaries]
    if not above:
        return None
    nearest = above[-1]
    return NextGrade(nearest, boundaries[nearest], boundaries[nearest] - value)
