"""Pure rules of periods that are like one another, and of the days on which a backtest asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import NamedTuple

from services.targets.decompositions.enums import Dimension
from services.targets.decompositions.periods import periods_of
from services.targets.forecasts.enums import PeriodKind

MONTH_DAYS = 31
QUARTER_DAYS = 92
"""Days of the longest month and of the longest quarter."""

_ONE = timedelta(days=1)
_DIMENSIONS: Mapping[PeriodKind, Dimension] = MappingProxyType(
    {
        PeriodKind.WEEK: Dimension.WEEK,
        PeriodKind.MONTH: Dimension.MONTH,
        PeriodKind.QUARTER: Dimension.QUARTER,
        PeriodKind.HALF_YEAR: Dimension.HALF_YEAR,
        PeriodKind.YEAR: Dimension.YEAR,
    }
)
_THIRD, _WEEK = 3, 7


class Span(NamedTuple):
    """A period, first and last day included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1


def kind_of(span: Span) -> PeriodKind | None:
    """The kind of a period that is a whole one of the calendar; None of any other."""
    return next((kind for kind in _DIMENSIONS if span == _around(kind, span.first)), None)


def _around(kind: PeriodKind, day: date) -> Span:
    """The whole period of a kind in which a day lies."""
    if kind is PeriodKind.WEEK:
        first = day - timedelta(days=day.weekday())
        return Span(first, first + timedelta(days=_WEEK - 1))
    (found,) = periods_of(_DIMENSIONS[kind], day, day)
    year = periods_of(_DIMENSIONS[kind], date(day.year, 1, 1), date(day.year, 12, 31))
    return next(Span(one.first, one.last) for one in year if one.key == found.key)


def earlier(span: Span, since: date, most: int) -> list[Span]:
    """The periods of its kind before a period that lie after `since` whole, the oldest first, at most `most`; of one
    that is none of the calendar those of the same length, one before the other."""
    kind = kind_of(span)
    if kind is not None:
        return whole(kind, since, span.first - _ONE)[-most:]
    length = timedelta(days=span.days)
    count = min(most, max(0, (span.first - since).days) // span.days)
    return [
        Span(span.first - back * length, span.first - back * length + length - _ONE) for back in range(count, 0, -1)
    ]


def whole(kind: PeriodKind, first: date, last: date) -> list[Span]:
    """The periods of a kind of the calendar that lie in `first`..`last` whole."""
    parts = [Span(one.first, one.last) for one in periods_of(_DIMENSIONS[kind], first, last)]
    return [part for part in parts if part == _around(kind, part.first)]


def origins(span: Span) -> Sequence[date]:
    """The days at whose end a backtest asks: of up to a month each from the third to the last but one, of up to a
    quarter each seventh, else the ends of months, always before the last."""
    if span.days <= MONTH_DAYS:
        return [span.first + timedelta(days=number - 1) for number in range(_THIRD, span.days)]
    if span.days <= QUARTER_DAYS:
        return [span.first + timedelta(days=number - 1) for number in range(_WEEK, span.days, _WEEK)]
    return [month.last for month in whole(PeriodKind.MONTH, span.first, span.last - _ONE)]
