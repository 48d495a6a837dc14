"""Pure rules of the performance of channels: exact sums in, figures out; no order of rows matters."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import NamedTuple

from kit.money import SHARE_WHOLE, ratio
from services.channels.performance.enums import Advice

MIN_MONTHS = 6
"""Fewer whole months say nothing of stability."""
_EXACT = Context(prec=100)


class Period(NamedTuple):
    """Days from the first to the last, both included."""

    first: date
    last: date


class Figure(NamedTuple):
    """A value, None where its data do not suffice, and how many things it is made of."""

    value: int | None
    sample_size: int


@dataclass(frozen=True, slots=True)
class Sold:
    """What a channel sold in a month of the period, or before the period."""

    orders: int = 0
    revenue: int = 0
    cost_of_goods: int = 0
    uncosted_lines: int = 0

    def __add__(self, other: Sold) -> Sold:
        return Sold(
            self.orders + other.orders,
            self.revenue + other.revenue,
            self.cost_of_goods + other.cost_of_goods,
            self.uncosted_lines + other.uncosted_lines,
        )


def month_of(day: date) -> Period:
    """The calendar month of a day."""
    return Period(day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1]))


def months_of(period: Period) -> list[Period]:
    """The calendar months that a period touches."""
    found = [month_of(period.first)]
    while found[-1].last < period.last:
        found.append(month_of(found[-1].last + timedelta(1)))
    return found


def period_before(period: Period) -> Period:
    """As many calendar months where a period is made of whole ones, else as many days, that end before it.

    >>> period_before(Period(date(2026, 3, 1), date(2026, 3, 31))).first
    datetime.date(2026, 2, 1)
    """
    last = period.first - timedelta(1)
    months = months_of(period)
    if (months[0].first, months[-1].last) != period:
        return Period(last - (period.last - period.first), last)
    first = period.first
    for _ in months:
        first = month_of(first - timedelta(1)).first
    return Period(first, last)


def whole_months(period: Period, today: date) -> list[date]:
    """First days of the calendar months within a period that are over today."""
    until = min(period.last, today - timedelta(1))
    return [month.first for month in months_of(period) if period.first <= month.first and month.last <= until]


def cost_within(amounts: Mapping[date, int], period: Period) -> int:
    """What a period cost: of each month (by its first day) the share of its days in the period, rounded once.

    >>> cost_within({date(2026, 2, 1): 2800}, Period(date(2026, 2, 15), date(2026, 3, 31)))
    1400
    """
    exact = Fraction(0)
    for first, amount in amounts.items():
        month = month_of(first)
        days = (min(month.last, period.last) - max(month.first, period.first)).days + 1
        exact += Fraction(amount * days, month.last.day)
    return ratio(1, exact.numerator, exact.denominator)


def covers(regions: Sequence[str], region: str) -> bool:
    """Whether one of the regions is this one or holds it.

    >>> covers(["CN"], "CN-SH"), covers(["CN-S"], "CN-SH")
    (True, False)
    """
    return any(region == one or region.startswith(one + "-") for one in regions)


def share(amount: int, whole: int, sample_size: int, unit: int = SHARE_WHOLE) -> Figure:
    """amount / whole in millionths, or in another unit; none of nothing, or of less."""
    return Figure(ratio(unit, amount, whole) if whole > 0 else None, sample_size)


def stability(values: Sequence[int]) -> Figure:
    """1 - sample deviation / mean in millionths, at least 0; none of fewer than 6 months or a mean of 0 or less.

    >>> stability([100, 120, 80, 110, 90, 100]).value
    858579
    """
    count, total = len(values), sum(values)
    if count < MIN_MONTHS or total <= 0:
        return Figure(None, count)
    spread = count * sum(value * value for value in values) - total * total
    relative = Fraction(spread * count, (count - 1) * total * total)
    deviation = _EXACT.sqrt(_EXACT.divide(Decimal(relative.numerator), Decimal(relative.denominator)))
    stable = _EXACT.multiply(SHARE_WHOLE, _EXACT.subtract(1, deviation))
    return Figure(max(0, int(stable.to_integral_value(context=_EXACT))), count)


class Scale(NamedTuple):
    """How a score is weighed, in millionths: of coverage, of efficiency / (efficiency + benchmark), of stability."""

    coverage: int
    efficiency: int
    stability: int
    benchmark: int


class Bounds(NamedTuple):
    """From which score and ROI on a channel is to be funded, under which score it is to be reviewed, in millionths."""

    fund_from: int
    hurdle: int
    review_below: int


def score(scale: Scale, coverage: int | None, efficiency: int | None, stable: int | None) -> int | None:
    """The score of a channel, rounded once; none while a part of it is not known.

    >>> score(Scale(400_000, 400_000, 200_000, 5_000_000), 500_000, 5_000_000, 858_579)
    571716
    """
    if coverage is None or efficiency is None or stable is None:
        return None
    efficiency = max(0, efficiency)
    exact = Fraction(scale.efficiency * efficiency, efficiency + scale.benchmark)
    exact += Fraction(scale.coverage * coverage + scale.stability * stable, SHARE_WHOLE)
    return ratio(1, exact.numerator, exact.denominator)


def advice(bounds: Bounds, score: int | None, roi: int | None, *, is_pilot: bool) -> Advice | None:
    """What to do with a channel; nothing is said of pilots and of thin data."""
    if score is None or roi is None or is_pilot:
        return None
    if score >= bounds.fund_from and roi >= bounds.hurdle:
        return Advice.FUND
    return Advice.REVIEW if score < bounds.review_below or roi < 0 else Advice.KEEP


def total(parts: Iterable[Sold]) -> Sold:
    """All of them together."""
    return sum(parts, Sold())
