"""Periods, costs of parts of months and stability, by the worked numbers."""

from __future__ import annotations

import random
from datetime import date

import pytest

from services.channels.performance.enums import Advice
from services.channels.performance.rules import (
    Bounds,
    Period,
    Scale,
    advice,
    cost_within,
    period_before,
    score,
    share,
    stability,
    whole_months,
)

TODAY = date(2026, 11, 29)


def day(text: str) -> date:
    return date.fromisoformat(text)


def test_stability_is_one_less_the_relative_sample_deviation() -> None:
    values = [100, 120, 80, 110, 90, 100]
    for _ in range(20):
        random.Random(len(values)).shuffle(values)
        assert stability(values) == (858_579, 6)


@pytest.mark.parametrize(
    ("values", "value"),
    [
        ([7] * 6, 1_000_000),
        ([10**19] * 7, 1_000_000),
        ([0, 0, 0, 0, 0, 600], 0),
        ([100, 120, 80, 110, 90], None),
        ([0] * 6, None),
        ([-5] * 6, None),
        ([], None),
    ],
)
def test_stability_of_little_or_nothing(values: list[int], value: int | None) -> None:
    assert stability(values) == (value, len(values))


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        ("2026-03-01", "2026-03-31", ("2026-02-01", "2026-02-28")),
        ("2026-01-01", "2026-03-31", ("2025-10-01", "2025-12-31")),
        ("2026-03-01", "2026-03-30", ("2026-01-30", "2026-02-28")),
        ("2026-03-02", "2026-03-31", ("2026-01-31", "2026-03-01")),
        ("2026-03-14", "2026-03-14", ("2026-03-13", "2026-03-13")),
    ],
)
def test_whole_months_compare_with_whole_months(first: str, last: str, before: tuple[str, str]) -> None:
    assert period_before(Period(day(first), day(last))) == tuple(map(day, before))


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ("2026-01-01", "2026-03-31", ["2026-01-01", "2026-02-01", "2026-03-01"]),
        ("2026-01-02", "2026-03-30", ["2026-02-01"]),
        ("2026-10-01", "2026-11-29", ["2026-10-01"]),
        ("2026-02-02", "2026-02-28", []),
    ],
)
def test_only_whole_months_that_are_over_count(first: str, last: str, months: list[str]) -> None:
    assert whole_months(Period(day(first), day(last)), TODAY) == [day(month) for month in months]


def test_a_month_is_not_over_on_its_last_day() -> None:
    period = Period(day("2026-02-01"), day("2026-02-28"))
    assert whole_months(period, day("2026-02-28")) == []
    assert whole_months(period, day("2026-03-01")) == [day("2026-02-01")]


@pytest.mark.parametrize(
    ("first", "last", "cost"),
    [
        ("2026-02-01", "2026-03-31", 2800 + 3100),
        ("2026-02-15", "2026-02-28", 1400),
        ("2026-02-28", "2026-03-01", 200),
        ("2026-02-10", "2026-02-10", 100),
    ],
)
def test_a_part_of_a_month_costs_its_days(first: str, last: str, cost: int) -> None:
    amounts = {day("2026-02-01"): 2800, day("2026-03-01"): 3100}
    touched = {month: amount for month, amount in amounts.items() if month <= day(last)}
    assert cost_within(touched, Period(day(first), day(last))) == cost


def test_parts_of_months_are_rounded_once() -> None:
    amounts = {day("2026-01-01"): 1, day("2026-02-01"): 1}
    assert cost_within(amounts, Period(day("2026-01-17"), day("2026-02-14"))) == 1  # 15/31 + 14/28 = 0.98


@pytest.mark.parametrize(
    ("amount", "whole", "value"), [(1, 3, 333_333), (-1, 4, -250_000), (5, 0, None), (5, -1, None)]
)
def test_nothing_is_divided_by_nothing(amount: int, whole: int, value: int | None) -> None:
    assert share(amount, whole, 1).value == value


SCALE = Scale(coverage=400_000, efficiency=400_000, stability=200_000, benchmark=5_000_000)
BOUNDS = Bounds(fund_from=660_000, hurdle=100_000, review_below=330_000)


@pytest.mark.parametrize(
    ("coverage", "efficiency", "stable", "expected"),
    [
        (500_000, 5_000_000, 858_579, 571_716),
        (1_000_000, 0, 0, 400_000),
        (0, 10**12, 0, 399_998),
        (0, 0, 1_000_000, 200_000),
        (1_000_000, 5_000_000, 1_000_000, 800_000),
        (0, -5_000_000, 0, 0),
        (None, 1, 1, None),
        (1, None, 1, None),
        (1, 1, None, None),
    ],
)
def test_a_score_is_weighed(
    coverage: int | None, efficiency: int | None, stable: int | None, expected: int | None
) -> None:
    """0.4 coverage + 0.4 eff/(eff + benchmark) + 0.2 stability."""
    assert score(SCALE, coverage, efficiency, stable) == expected


@pytest.mark.parametrize(
    ("scored", "roi", "is_pilot", "expected"),
    [
        (660_000, 100_000, False, Advice.FUND),
        (659_999, 100_000, False, Advice.KEEP),
        (660_000, 99_999, False, Advice.KEEP),
        (330_000, 0, False, Advice.KEEP),
        (329_999, 0, False, Advice.REVIEW),
        (329_999, 900_000, False, Advice.REVIEW),
        (900_000, -1, False, Advice.REVIEW),
        (900_000, 900_000, True, None),
        (100_000, -1, True, None),
        (None, 900_000, False, None),
        (900_000, None, False, None),
    ],
)
def test_advice_follows_score_and_roi(
    scored: int | None, roi: int | None, is_pilot: bool, expected: Advice | None
) -> None:
    """fund >= 0.66 and ROI >= hurdle; review < 0.33 or ROI < 0; else keep; pilots and thin data neither."""
    assert advice(BOUNDS, scored, roi, is_pilot=is_pilot) == expected
