"""Grades by share, by value and held against small moves; days, tenure, strategy, what it takes to rise."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.accounts.enums import TenureClass
from services.customer.grading.enums import Strategy
from services.customer.grading.rules import (
    Held,
    NextGrade,
    boundaries_of,
    by_share,
    by_value,
    held,
    leaving,
    next_grade,
    overall,
    strategy,
    tenure,
    window,
)
from services.customer.policies.bodies import GradingBody, Matrix
from services.customer.policies.enums import Grade, GradingPeriod
from services.customer.policies.schemas import GRADING

A, B, C, D = Grade
SHARES = {A: 700_000, B: 900_000, C: 990_000}
H = 50_000
LEAST = {A: 500_000, B: 200_000, C: 50_000}


def graded(values: list[int]) -> str:
    found = by_share(values, SHARES)
    return " ".join(found[value] for value in values)


def test_grades_go_by_the_share_before() -> None:
    assert graded([500, 150, 100, 100, 60, 40, 30, 11, 9, 0, -5]) == "A A A A B C C C D D D"
    assert graded([900, 50, 50]) == "A C C"
    assert graded([1]) == "A", "a single customer is worth all"
    assert graded([7, 7, 7, 7]) == "A A A A", "equal values are one group"


def test_without_anything_above_0_there_is_no_grade() -> None:
    assert by_share([0, -5, 0], SHARES) == by_share([], SHARES) == {}


def test_boundaries_are_the_smallest_values() -> None:
    assert boundaries_of(by_share([500, 150, 100, 100, 60, 40, 30, 11, 9, 0, -5], SHARES)) == {A: 100, B: 60, C: 11}
    assert boundaries_of(by_share([900, 50, 50], SHARES)) == {A: 900, C: 50}, "nobody is B"


VALUES = st.lists(st.integers(-50, 60) | st.integers(-(10**15), 10**15), max_size=40)


@given(VALUES)
def test_a_grade_is_what_those_strictly_better_leave(values: list[int]) -> None:
    total = sum(max(value, 0) for value in values)
    found = by_share(values, SHARES)
    if total == 0:
        assert found == {}
        return
    for value in values:
        share = Fraction(sum(max(other, 0) for other in values if other > value), total)
        right = next((one for one, cut in SHARES.items() if value > 0 and share < Fraction(cut, 10**6)), D)
        assert found[value] is right
    ordered = sorted(set(values), reverse=True)
    assert all(found[better] <= found[worse] for better, worse in pairwise(ordered))
    assert all(by_value(value, boundaries_of(found)) is found[value] for value in values), "boundaries say the same"


def test_small_moves_are_held() -> None:
    before: Held | None = None
    found = []
    for value in (480, 510, 505, 490, 498, 470, 530, 190, 185, 40):
        raw = by_value(value * 1000, LEAST)
        before = Held(held(value * 1000, raw, LEAST, before, H), raw)
        found.append(before.grade)
    assert " ".join(found) == "B B A A B B A B C D"


def test_twice_on_a_side_gives_the_nearer_raw_grade() -> None:
    assert held(499_000, B, LEAST, Held(A, C), H) is B
    assert held(195_000, C, LEAST, Held(B, D), H) is C
    assert held(205_000, B, LEAST, Held(C, A), H) is B
    assert held(505_000, A, LEAST, Held(C, B), H) is B, "B is passed by 5 %, A is not"
    assert held(499_000, B, LEAST, Held(A, A), H) is A


def test_a_rise_never_lowers_and_a_fall_never_lifts() -> None:
    close = {A: 500, B: 490, C: 10}
    assert held(505, A, close, Held(B, B), H) is B, "505 lies under both boundaries shifted up"
    assert held(489, C, {A: 500, B: 490, C: 10}, Held(B, B), H) is B
    assert held(480, C, {A: 500, B: 495}, Held(B, B), H) is B, "480 lies over A shifted down"


BOUNDS = st.lists(st.integers(1, 10**6), min_size=3, max_size=3, unique=True).map(
    lambda three: dict(zip((A, B, C), sorted(three, reverse=True), strict=True))
)


@given(st.integers(-10, 2 * 10**6), BOUNDS, st.sampled_from(Grade), st.sampled_from(Grade), st.integers(0, 500_000))
def test_a_held_grade_lies_between_the_former_and_the_raw(
    value: int, least: dict[Grade, int], former: Grade, before: Grade, h: int
) -> None:
    raw = by_value(value, least)
    found = held(value, raw, least, Held(former, before), h)
    assert min(former, raw) <= found <= max(former, raw)
    twice = held(value, raw, least, Held(former, raw), h)
    assert min(found, raw) <= twice <= max(found, raw), "the same twice in a row never holds it back"
    if found is former:
        assert twice is raw, "the same twice in a row is the grade where shifted boundaries give none"
    assert held(value, raw, least, None, h) is raw
    assert held(value, raw, least, Held(former, before), 0) is raw


def test_the_matrix_joins() -> None:
    body = GradingBody.model_validate(GRADING["body"])
    names = Matrix.model_fields
    matrix = {
        row: {
            column: getattr(getattr(body.matrix, f"grade_{row.lower()}"), f"grade_{column.lower()}") for column in Grade
        }
        for row in Grade
    }
    assert len(names) == 4
    assert ["".join(overall(row, column, matrix) for column in Grade) for row in Grade] == [
        "AABC",
        "ABBC",
        "BBCD",
        "CCDD",
    ]
    assert [overall(row, None, matrix) for row in Grade] == list(Grade)


def test_tenure_is_long_from_the_third_year_on() -> None:
    day = date(2026, 3, 1)
    assert tenure(date(2023, 3, 1), day) is TenureClass.LONG
    assert tenure(date(2023, 3, 2), day) is TenureClass.SHORT
    assert tenure(date(2025, 2, 28), date(2028, 2, 29)) is TenureClass.LONG
    assert tenure(date(2025, 3, 1), date(2028, 2, 29)) is TenureClass.SHORT


def test_strategies() -> None:
    found = [[strategy(grade, one) for grade in Grade] for one in TenureClass]
    assert found == [
        [Strategy.KEY_SERVICE, Strategy.KEY_SERVICE, Strategy.MAINTAIN, Strategy.MAINTAIN],
        [Strategy.DEVELOP, Strategy.DEVELOP, Strategy.REVIEW, Strategy.REVIEW],
    ]


@pytest.mark.parametrize(
    ("period", "as_of", "first", "ends_on"),
    [
        ("trailing_365", "2026-06-30", "2025-07-01", None),
        ("calendar_year", "2026-06-30", "2026-01-01", "2026-12-31"),
        ("quarter", "2026-06-30", "2026-04-01", "2026-06-30"),
        ("quarter", "2026-01-01", "2026-01-01", "2026-03-31"),
        ("quarter", "2026-08-15", "2026-07-01", "2026-09-30"),
        ("quarter", "2026-12-31", "2026-10-01", "2026-12-31"),
    ],
)
def test_days_of_a_period(period: str, as_of: str, first: str, ends_on: str | None) -> None:
    days = window(GradingPeriod(period), date.fromisoformat(as_of))
    assert (str(days.first), str(days.last)) == (first, as_of)
    assert (str(days.ends_on) if days.ends_on else None) == ends_on


def test_what_leaves_the_period_in_30_days() -> None:
    day = date(2026, 6, 30)
    assert leaving(GradingPeriod.TRAILING_365, day) == (date(2025, 7, 1), date(2025, 7, 30))
    assert leaving(GradingPeriod.CALENDAR_YEAR, day) is None
    assert leaving(GradingPeriod.CALENDAR_YEAR, date(2026, 12, 10)) == (date(2026, 1, 1), date(2026, 12, 10))
    assert leaving(GradingPeriod.QUARTER, day) == (date(2026, 4, 1), day)
    assert leaving(GradingPeriod.QUARTER, day - timedelta(days=30)) is None


def test_what_it_takes_to_rise() -> None:
    assert next_grade(150, C, {A: 500, B: 200, C: 50}) == NextGrade(B, 200, 50)
    assert next_grade(50, C, {A: 900, C: 50}) == NextGrade(A, 900, 850), "nobody is B"
    assert next_grade(510, B, {A: 500, B: 200, C: 50}) == NextGrade(A, 500, -10), "reached, but held"
    assert next_grade(9, A, {A: 5}) is next_grade(-3, D, {}) is None
