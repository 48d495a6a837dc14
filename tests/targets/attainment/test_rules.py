"""Laws of attainment and pace."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import OwnKind, calendar_of
from services.targets.attainment.enums import Compare
from services.targets.attainment.rules import (
    Count,
    assess,
    attainment_percent,
    earlier_period,
    growth,
    planned_by,
    ranks,
    required_per_day,
)
from services.targets.calendars.rules import working_days
from services.targets.day_profiles.rules import end_year_earlier, years_before

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


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2024, 2, 29), date(2023, 2, 28), date(2023, 2, 28)),
        (date(2025, 2, 28), date(2024, 2, 28), date(2024, 2, 29)),
        (date(2026, 2, 13), date(2025, 2, 13), date(2025, 2, 13)),
        (date(2026, 12, 31), date(2025, 12, 31), date(2025, 12, 31)),
    ],
)
def test_a_year_earlier(day: date, start: date, end: date) -> None:
    assert (years_before(day, 1), end_year_earlier(day)) == (start, end)


def test_earlier_periods_come_as_far_as_this_one() -> None:
    quarter = date(2026, 1, 1), date(2026, 3, 31)
    until = date(2026, 2, 28)
    assert earlier_period(*quarter, until, Compare.YEAR) == (date(2025, 1, 1), date(2025, 2, 28))
    assert earlier_period(*quarter, date(2026, 9, 9), Compare.YEAR) == (date(2025, 1, 1), date(2025, 3, 31))
    assert earlier_period(*quarter, until, Compare.PREVIOUS) == (date(2025, 10, 3), date(2025, 11, 30))
    first, last = earlier_period(*quarter, date(2025, 12, 1), Compare.PREVIOUS)
    assert last < first, "it has not begun"


@given(days, st.integers(0, 800), st.integers(0, 900))
def test_the_period_before_ends_where_this_one_begins(first: date, length: int, elapsed: int) -> None:
    last, until = first + timedelta(days=length), first + timedelta(days=elapsed)
    begins, ends = earlier_period(first, last, until, Compare.PREVIOUS)
    assert ends - begins == min(last, until) - first
    if until >= last:
        assert ends + timedelta(days=1) == first


def test_ranks_leave_out_what_cannot_be_ranked() -> None:
    assert ranks([(50, 100), (90, 100), (45, 50), (1, 3), (5, 0), (5, -5)]) == [3, 1, 1, 4, None, None]
    assert ranks([(9, 10), (5, 10), (1, 2), (0, 7)]) == [1, 2, 2, 4]
    assert ranks([]) == []


@given(st.lists(st.tuples(st.integers(-(10**13), 10**13), st.integers(-5, 10**13)), max_size=12))
def test_a_rank_counts_those_that_are_further(results: list[tuple[int, int]]) -> None:
    for (actual, amount), rank in zip(results, ranks(results), strict=True):
        if amount <= 0:
            assert rank is None
        else:
            ahead = [1 for other, whole in results if whole > 0 and other * amount > actual * whole]
            assert rank == len(ahead) + 1


def test_growth_needs_something_to_grow_from() -> None:
    assert [growth(300, 230), growth(0, 30), growth(5, 0), growth(5, -1)] == [304_348, -1_000_000, None, None]


def test_a_plan_expects_ended_parts_and_the_running_one_in_proportion() -> None:
    assert planned_by(1_200_000, 1_600_000, 10, 16) == 2_200_000
    assert planned_by(1_200_000, None, 0, 0) == 1_200_000
