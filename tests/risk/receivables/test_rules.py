"""Due days and days sales outstanding, by the figures that were computed before."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.receivables.rules import Month, Outstanding, countback, due_day, figures, month_before, one_decimal

AS_OF = date(2026, 6, 30)
SALES: dict[Month, int] = {(2026, 4): 900_000, (2026, 5): 1_200_000, (2026, 6): 1_440_000}
MONTHS = st.dictionaries(st.tuples(st.just(2026), st.integers(1, 6)), st.integers(0, 1000), min_size=1)


def test_the_event_says_when_money_is_due_else_the_terms_do() -> None:
    assert due_day(date(2026, 3, 2), date(2026, 1, 1), 30) == date(2026, 3, 2)
    assert due_day(None, date(2026, 1, 31), 30) == date(2026, 3, 2)


def test_the_figures_of_the_second_quarter() -> None:
    found = figures(Outstanding(3_540_000, 1_947_000, 1_180_000, SALES, (2026, 4)), AS_OF, 90)
    assert found is not None
    assert (found.dso, found.best_dso, found.delay, found.dso_countback) == ("49.5", "30.0", "19.5", "43.1")
    assert not found.is_capped


@pytest.mark.parametrize("sales", [0, -5])
def test_without_sales_there_are_no_figures(sales: int) -> None:
    assert figures(Outstanding(sales, 10, 0, {}, None), AS_OF, 90) is None


@pytest.mark.parametrize(
    ("owed", "days", "is_capped"),
    [
        (0, Fraction(0), False),
        (-7, Fraction(0), False),
        (720_000, Fraction(15), False),
        (1_440_000, Fraction(30), False),
        (1_440_001, 30 + Fraction(31, 1_200_000), False),
        (3_540_000, Fraction(91), False),
        (3_540_001, Fraction(91), True),
    ],
)
def test_counting_back(owed: int, days: Fraction, is_capped: bool) -> None:
    assert countback(owed, AS_OF, SALES, (2026, 4)) == (days, is_capped)


def test_a_month_under_way_has_the_days_up_to_then_and_one_without_sales_counts_in_full() -> None:
    assert countback(5, date(2026, 6, 10), {(2026, 6): 10}, (2026, 1)) == (Fraction(5), False)
    assert countback(15, date(2026, 6, 10), {(2026, 6): 10, (2026, 4): 10}, (2026, 1)) == (
        Fraction(10 + 31 + 15),
        False,
    )


@given(MONTHS, st.integers(0, 8000), st.integers(0, 500))
def test_who_owes_more_counts_back_further(sales_of: dict[Month, int], owed: int, more: int) -> None:
    first = min(sales_of)
    days, is_capped = countback(owed, AS_OF, sales_of, first)
    further, is_capped_then = countback(owed + more, AS_OF, sales_of, first)
    assert 0 <= days <= further <= (AS_OF - date(*first, 1)).days + 1
    assert is_capped <= is_capped_then
    assert is_capped == (owed > sum(sales_of.values()))


@given(st.integers(1990, 2100), st.integers(1, 12))
def test_the_month_before(year: int, month: int) -> None:
    day = date(year, month, 1) - timedelta(1)
    assert month_before((year, month)) == (day.year, day.month)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(99, 2), "49.5"),
        (Fraction(1, 20), "0.0"),
        (Fraction(3, 20), "0.2"),
        (Fraction(-1, 4), "-0.2"),
        (Fraction(0), "0.0"),
    ],
)
def test_one_decimal_is_rounded_half_even(value: Fraction, text: str) -> None:
    assert one_decimal(value) == text
