"""Laws of scorecards, by the numbers of the requirement."""

from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.policies.bodies import ScorecardBody, TermsBody
from services.risk.policies.enums import CreditGrade, LimitMode
from services.risk.policies.rules import DateOrder
from services.risk.scorecards.enums import DefaultCause, ScoreFactor, ScoreLack
from services.risk.scorecards.laws import (
    RANKS,
    Amounts,
    Behaviour,
    GradeTooLong,
    Scored,
    check_grade_until,
    decimal,
    dropped_from,
    full_months,
    grade_of,
    is_better,
    limit_after,
    months_back,
    months_before,
    next_grade,
    points_of,
    recommended,
    score,
)

INSTALLED = importlib.import_module("services.risk.migrations.versions.0003_policies")
CARD, TERMS = ScorecardBody.model_validate(INSTALLED.SCORECARD), TermsBody.model_validate(INSTALLED.TERMS)
G = CreditGrade


def amounts(part: int, whole: int) -> Amounts:
    return Amounts(part, whole)


PAGE = Behaviour(
    items=4,
    ever_due=True,
    lateness=amounts(20_000 * 6 + 5_000 * 40 + 4_000 * 12, 39_000),
    late=amounts(29_000, 39_000),
    defaults=0,
    uncured=False,
    used=amounts(45, 100),
    months=14,
    statement=None,
    disputed=amounts(0, 4_000),
    external=None,
    is_insolvent=False,
)
"""Paid 10,000 two days early, 20,000 six late, 5,000 forty late, 4,000 twelve overdue now; use 45 %; 14 months."""


def given_points(behaviour: Behaviour) -> dict[ScoreFactor, tuple[str, int, int]]:
    found = score(behaviour, CARD, TERMS).factors
    return {one.factor: (one.value, one.points, one.max_points) for one in found}


def test_the_example_of_the_requirement() -> None:
    found = score(PAGE, CARD, TERMS)
    assert (found.points, found.max_points, found.score, found.grade) == (53, 83, 64, G.BBB)
    assert given_points(PAGE) == {
        ScoreFactor.DAYS_LATE: ("9.436", 14, 25),
        ScoreFactor.LATE_SHARE: ("743590", 0, 15),
        ScoreFactor.DEFAULTS: ("0", 20, 20),
        ScoreFactor.UTILISATION: ("450000", 8, 10),
        ScoreFactor.TENURE: ("14", 6, 8),
        ScoreFactor.DISPUTES: ("0", 5, 5),
    }


def test_bands_hold_to_the_unit() -> None:
    by = CARD.factors

    def at(factor: Any, *values: Amounts) -> list[int]:
        return [points_of(factor, one.of()) for one in values]

    days = [amounts(0, 7), amounts(1, 10**9), amounts(5, 1), amounts(5 * 10**9 + 1, 10**9), amounts(60, 1)]
    assert at(by.days_late, *days, amounts(61, 1)) == [25, 20, 20, 14, 3, 0]
    months = [amounts(number, 1) for number in (0, 5, 6, 11, 12, 35, 36)]
    assert at(by.tenure, *months) == [0, 0, 3, 3, 6, 6, 8]
    assert at(by.external, *(amounts(number, 1) for number in (39, 40, 59, 60, 79, 80))) == [0, 2, 2, 4, 4, 5]


def test_statements_give_their_three_parts() -> None:
    good = replace(PAGE, statement=(amounts(150, 100), amounts(40, 100), amounts(5, 100)), external=60)
    found = score(good, CARD, TERMS)
    assert (found.points, found.max_points) == (53 + 12 + 4, 83 + 12 + 5)
    poor = replace(PAGE, statement=(amounts(99, 100), amounts(-1, 100), amounts(-1, 0)))
    assert score(poor, CARD, TERMS).points == 53
    without_debt = replace(PAGE, statement=(amounts(1, 0), amounts(20, 100), amounts(0, 0)))
    assert score(without_debt, CARD, TERMS).points == 53 + 4 + 2 + 2


def test_a_factor_without_data_is_left_out() -> None:
    fresh = replace(PAGE, items=0, ever_due=False, used=None, months=None)
    found = score(fresh, CARD, TERMS)
    assert (found.factors, found.score, found.grade, found.lack) == ((), None, G.NR, ScoreLack.ITEMS)
    two = score(replace(PAGE, items=2), CARD, TERMS)
    assert (two.score, two.grade, two.lack, two.points) == (None, G.NR, ScoreLack.ITEMS, 53)
    few = CARD.model_copy(update={"min_points": 84})
    assert score(PAGE, few, TERMS).lack is ScoreLack.POINTS


def test_defaults() -> None:
    cured = {number: given_points(replace(PAGE, defaults=number))[ScoreFactor.DEFAULTS][1] for number in (0, 1, 2)}
    assert cured == {0: 20, 1: 8, 2: 0}
    uncured = score(replace(PAGE, defaults=1, uncured=True), CARD, TERMS)
    assert (uncured.grade, uncured.default, uncured.points) == (G.D, DefaultCause.UNCURED, 33)
    unrated = score(replace(PAGE, items=0, is_insolvent=True), CARD, TERMS)
    assert (unrated.grade, unrated.default, unrated.score) == (G.D, DefaultCause.INSOLVENCY, None)


def test_grades_begin_at_their_scores() -> None:
    found = [grade_of(number, TERMS) for number in (100, 90, 89, 80, 70, 69, 60, 59, 50, 40, 39, 25, 24, 0)]
    assert found == [G.AAA, G.AAA, G.AA, G.AA, G.A, G.BBB, G.BBB, G.BB, G.BB, G.B, G.CCC, G.CCC, G.D, G.D]


def scored(points: int | None, grade: CreditGrade | None = None) -> Scored:
    said = grade or (G.NR if points is None else grade_of(points, TERMS))
    return Scored(points, 0, 0, said, None, None, ())


@pytest.mark.parametrize(
    ("before", "points", "nights", "right"),
    [
        (G.NR, 60, (), G.BBB),
        (G.A, None, (), G.NR),
        (G.A, 69, (), G.BBB),
        (G.AAA, 0, (), G.D),
        (G.BB, 61, (), G.BB),
        (G.BB, 62, (), G.BBB),
        (G.BB, 61, (G.BBB, G.BBB), G.BBB),
        (G.BB, 61, (G.BB, G.BBB), G.BB),
        (G.BB, 61, (G.NR, G.BBB), G.BB),
        (G.BB, 71, (), G.BBB),
        (G.BB, 71, (G.A, G.A), G.A),
        (G.BB, 70, (G.AAA, G.A), G.A),
        (G.D, 61, (), G.BB),
        (G.B, 90, (G.BBB, G.AAA), G.AA),
    ],
)
def test_a_grade_falls_at_once_and_rises_slowly(
    before: CreditGrade, points: int | None, nights: tuple[CreditGrade, ...], right: CreditGrade
) -> None:
    assert next_grade(before, scored(points), nights, TERMS) is right


def test_a_default_beats_its_score() -> None:
    assert next_grade(G.A, scored(95, G.D), (), TERMS) is G.D


@given(st.sampled_from([grade for grade in G if grade is not G.NR]), st.integers(0, 100), st.booleans())
def test_no_grade_leaves_what_it_was_and_what_was_reached(before: CreditGrade, points: int, is_night: bool) -> None:
    reached = grade_of(points, TERMS)
    nights = (reached, reached) if is_night else ()
    after = next_grade(before, scored(points), nights, TERMS)
    low, high = sorted((RANKS[before], RANKS[reached]))
    assert low <= RANKS[after] <= high
    if RANKS[reached] >= RANKS[before] or is_night:
        assert after is reached


def test_drops() -> None:
    assert dropped_from(None, G.A, G.BBB, 2) is None
    assert dropped_from(None, G.A, G.BB, 2) is G.A
    assert dropped_from(None, G.NR, G.D, 2) is None
    assert dropped_from(None, G.AAA, G.NR, 2) is None
    assert dropped_from(G.A, G.BB, G.BBB, 2) is G.A
    assert dropped_from(G.A, G.BBB, G.D, 2) is G.A
    assert dropped_from(G.A, G.BBB, G.A, 2) is None
    assert dropped_from(G.A, G.BBB, G.AAA, 2) is None


def test_what_is_better_goes_by_its_probability() -> None:
    assert is_better(G.BB, G.NR, TERMS)
    assert not is_better(G.B, G.NR, TERMS)
    assert not is_better(G.A, G.A, TERMS)


def test_recommended_limits() -> None:
    gross = 8_333_333 * 6
    assert recommended(G.BBB, gross, 14, TERMS) == 12_400_000
    assert recommended(G.BBB, 8_333_333 * 3, 3, TERMS) == 12_400_000
    assert recommended(G.BBB, 8_333_333, 0, TERMS) == 12_400_000
    assert recommended(G.BBB, 10**9, 14, TERMS) == 20_000_000
    assert recommended(G.CCC, gross, 14, TERMS) == 0
    assert recommended(G.NR, gross, 14, TERMS) is None
    assert recommended(G.A, 0, None, TERMS) is None
    assert [limit_after(500, 400, mode) for mode in LimitMode] == [500, 400, 400]
    assert [limit_after(500, 600, mode) for mode in LimitMode] == [500, 500, 600]
    assert limit_after(500, None, LimitMode.BOTH) == 500


def test_calendar() -> None:
    assert months_back(date(2026, 6, 29), 6) == (date(2025, 12, 1), date(2026, 5, 31))
    assert months_back(date(2026, 6, 30), 6) == (date(2026, 1, 1), date(2026, 6, 30))
    assert months_before(date(2026, 8, 31), 18) == date(2025, 2, 28)
    assert [full_months(date(2026, 1, 31), day) for day in (date(2026, 2, 28), date(2026, 3, 31))] == [0, 2]
    check_grade_until(date(2027, 6, 30), date(2026, 6, 30))
    with pytest.raises(DateOrder):
        check_grade_until(date(2026, 6, 29), date(2026, 6, 30))
    with pytest.raises(GradeTooLong):
        check_grade_until(date(2027, 7, 1), date(2026, 6, 30))


def test_decimals() -> None:
    assert decimal(amounts(368, 39).of(), 3) == "9.436"
    assert decimal(amounts(1, 2).of(), 0) == "0"
    assert decimal(amounts(-3, 2).of(), 0) == "-2"
