"""Laws of attainment and pace."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import OwnKind, calendar_of
from services.targets.attainment.rules import Count, assess, attainment_percent, required_per_day
from services.targets.calendars.rules import working_days

days = st.dates(date(1996, 1, 1), date(1999, 12, 31))
holiday_sets = st.frozensets(days, max_size=8)
amounts = st.integers(-(10**13), 10**13)


def counting(holidays: Collection[date] = ()) -> Count:
    """Monday to Friday but for some days."""
    return partial(working_days, calendar_of("", "UTC", dict.fromkeys(holidays, OwnKind.OFF)))


@given(amounts, amounts, days, st.integers(0, 120), st.integers(-30, 150), holiday_sets)
def test_elapsed_and_remaining_make_the_period(amount, actual, first, length, offset, holidays) -> None:  # type: ignore[no-untyped-def]
    last = first + timedelta(days=length)
    found = assess(amount, actual, first, last, first + timedelta(days=offset), counting(holidays))
    assert found.elapsed_days + found.remaining_days == found.working_days
    assert found.actual + found.gap == found.amount
    assert min(0, amount) <= found.expected <= max(0, amount)
    if offset >= length:
        assert found.expected == amount
        assert found.pace == found.percent
    if offset < 0:
        assert found.expected == 0
        assert found.pace is None


@given(st.integers(1, 10**13), st.integers(1, 366))
def test_the_required_rate_closes_the_gap_and_one_less_does_not(gap: int, remaining: int) -> None:
    rate = required_per_day(gap, remaining)
    assert rate is not None
    assert rate * remaining >= gap > (rate - 1) * remaining


def test_a_quarter_half_way() -> None:
    found = assess(65_000, 26_000, date(1997, 1, 1), date(1997, 3, 31), date(1997, 2, 14), counting([date(1997, 1, 1)]))
    assert (found.working_days, found.elapsed_days, found.remaining_days) == (63, 32, 31)
    assert (found.percent, found.gap, found.expected) == (400_000, 39_000, 33_016)
    assert (found.pace, found.required_per_day) == (787_497, 1_259)


def test_undefined_figures_are_none_not_zero() -> None:
    assert attainment_percent(5, 0) is None
    assert attainment_percent(0, 5) == 0
    assert attainment_percent(15, 10) == 1_500_000
    assert attainment_percent(-1, 8) == -125_000
    assert attainment_percent(3 * 10**13, 1) is None
    assert attainment_percent(3 * 10**13, -1) is None
    over = assess(100, 40, date(1997, 1, 1), date(1997, 1, 31), date(1997, 2, 5), counting())
    assert (over.remaining_days, over.required_per_day) == (0, None)
    assert assess(100, 140, date(1997, 1, 1), date(1997, 1, 31), date(1997, 1, 5), counting()).required_per_day == 0


def test_a_weekend_period_expects_everything_once_begun() -> None:
    saturday, sunday = date(1997, 1, 4), date(1997, 1, 5)
    assert assess(100, 0, saturday, sunday, saturday, counting()).expected == 100
    assert assess(100, 0, saturday, sunday, date(1997, 1, 3), counting()).expected == 0


def test_a_period_that_ends_before_it_starts_is_an_error() -> None:
    with pytest.raises(ValueError, match="ends before"):
        assess(1, 1, date(1997, 2, 1), date(1997, 1, 1), date(1997, 1, 1), counting())


def test_february_in_china() -> None:
    """The spring festival is no time to sell in: by Monday to Friday the pace would read 1,125,000."""
    february = (date(2026, 2, 1), date(2026, 2, 28), date(2026, 2, 13))
    found = assess(1_600_000, 900_000, *february, partial(working_days, calendar_of("CN", "Asia/Shanghai")))
    assert (found.elapsed_days, found.working_days, found.expected) == (10, 16, 1_000_000)
    assert (found.pace, found.required_per_day) == (900_000, 116_667)
    assert assess(1_600_000, 900_000, *february, counting()).pace == 1_125_000
