"""Pure rules of attainment: percent, gap, pace by working days and by plan, ranks, and earlier periods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from kit.money import ratio
from services.targets.attainment.enums import Compare
from services.targets.day_profiles.rules import end_year_earlier, years_before

PERCENT_WHOLE = 1_000_000
"""100 % as an attainment."""

MAX_PERCENT = 10**18
"""Largest percent that is told, in 1e-6: one that fits 64 bits."""

_ONE = timedelta(days=1)

Count = Callable[[date, date], int]
"""How many days of a period work, both ends included; 0 when it ends before it starts."""


@dataclass(frozen=True, slots=True)
class Attainment:
    """Standing of one target at a date; amounts in minor units, percents in 1e-6, None where undefined."""

    amount: int
    actual: int
    percent: int | None
    gap: int
    working_days: int
    elapsed_days: int
    remaining_days: int
    expected: int
    pace: int | None
    required_per_day: int | None


def attainment_percent(actual: int, amount: int) -> int | None:
    """actual / amount in 1e-6, half-even; None when the target's amount is 0 or the percent passes MAX_PERCENT."""
    percent = ratio(actual, PERCENT_WHOLE, amount) if amount else None
    return percent if percent is not None and abs(percent) <= MAX_PERCENT else None


def expected_by(amount: int, elapsed: int, whole: int) -> int:
    """Amount due after `elapsed` of `whole` working days, half-even; all of it when there are none."""
    return ratio(amount, elapsed, whole) if whole else amount


def required_per_day(gap: int, remaining: int) -> int | None:
    """What each remaining working day must bring to close the gap: 0 once closed, None when no day is left.

    Rounded up, so that bringing it every day does reach the target.
    """
    if gap <= 0:
        return 0
    return -(-gap // remaining) if remaining else None


def assess(amount: int, actual: int, first: date, last: date, as_of: date, count: Count) -> Attainment:
    """Standing of a target of `amount` for the business dates `first`..`last`, at the end of `as_of`, its days
    counted by `count`.

    `pace` = actual / expected so far (working-day adjusted), None while nothing is expected.
    Raises ValueError when the period ends before it starts.
    """
    if last < first:
        raise ValueError("the period ends before it starts")
    whole = count(first, last)
    elapsed = count(first, min(as_of, last))
    remaining = count(max(first, as_of + timedelta(days=1)), last)
    expected = expected_by(amount, elapsed, whole) if as_of >= first else 0
    gap = amount - actual
    return Attainment(
        amount=amount,
        actual=actual,
        percent=attainment_percent(actual, amount),
        gap=gap,
        working_days=whole,
        elapsed_days=elapsed,
        remaining_days=remaining,
        expected=expected,
        pace=attainment_percent(actual, expected),
        required_per_day=required_per_day(gap, remaining),
    )


def earlier_period(first: date, last: date, until: date, compare: Compare) -> tuple[date, date]:
    """With what `first`..`last` is compared once it has come as far as `until`; ends before it starts while it has not
    begun."""
    reached = min(last, until)
    if compare is Compare.YEAR:
        return years_before(first, 1), end_year_earlier(reached)
    length = last - first + _ONE
    return first - length, reached - length


def growth(value: int, compared: int) -> int | None:
    """(value - compared) / compared in 1e-6, None unless `compared` is positive."""
    return attainment_percent(value - compared, compared) if compared > 0 else None


def ranks(results: Sequence[tuple[int, int]]) -> list[int | None]:
    """Rank of each (actual, amount) by its exact percent, the highest first: equal ones share a rank and the next is
    left out (1 2 2 4); without a positive amount there is none."""
    shares = [Fraction(actual, amount) if amount > 0 else None for actual, amount in results]
    places: dict[Fraction, int] = {}
    for place, share in enumerate(sorted((share for share in shares if share is not None), reverse=True), start=1):
        places.setdefault(share, place)
    return [None if share is None else places[share] for share in shares]


def planned_by(ended: int, running: int | None, elapsed: int, whole: int) -> int:
    """What a plan by time expects: all of its ended parts, and of the running one the weight that has elapsed."""
    return ended if running is None else ended + expected_by(running, elapsed, whole)
