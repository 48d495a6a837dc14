"""Levels of alerts, with the figures of the requirement and as laws."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.alerts.enums import TargetAlertLevel, TargetAlertMeasure
from services.targets.alerts.rules import Bounds, is_silent, is_worse, level_of, worst

GREEN, AMBER, RED = TargetAlertLevel
PACE, P_HIT = TargetAlertMeasure
BY_PACE = Bounds(950_000, 850_000, 20_000)
BY_P_HIT = Bounds(500_000, 200_000, 50_000)
FIGURES = st.integers(-100_000, 2_000_000)
LEVELS = st.sampled_from(TargetAlertLevel)


def follow(figures: list[int], bounds: Bounds = BY_PACE) -> list[TargetAlertLevel]:
    level, found = GREEN, []
    for figure in figures:
        level = level_of(figure, level, bounds)
        found.append(level)
    return found


def test_the_sequence_of_the_requirement() -> None:
    figures = [970_000, 949_000, 960_000, 970_000, 849_000, 869_000, 870_000]
    assert follow(figures) == [GREEN, AMBER, AMBER, GREEN, RED, RED, AMBER]


def test_by_how_probable_it_is() -> None:
    figures = [500_000, 499_500, 549_500, 550_000, 199_500, 249_500, 250_000, 549_000, 0, 1_000_000]
    assert follow(figures, BY_P_HIT) == [GREEN, AMBER, AMBER, GREEN, RED, RED, AMBER, AMBER, RED, GREEN]


@pytest.mark.parametrize(
    ("figure", "before", "after"),
    [
        (950_000, GREEN, GREEN),
        (850_000, GREEN, AMBER),
        (850_000, AMBER, AMBER),
        (969_999, AMBER, AMBER),
        (960_000, RED, AMBER),
        (970_000, RED, GREEN),
        (None, RED, GREEN),
    ],
)
def test_thresholds(figure: int | None, before: TargetAlertLevel, after: TargetAlertLevel) -> None:
    assert level_of(figure, before, BY_PACE) is after


@given(FIGURES, LEVELS)
def test_the_same_figure_again_changes_nothing(figure: int, before: TargetAlertLevel) -> None:
    once = level_of(figure, before, BY_PACE)
    assert level_of(figure, once, BY_PACE) is once


@given(FIGURES, FIGURES, LEVELS)
def test_a_better_figure_is_never_at_a_worse_level(one: int, other: int, before: TargetAlertLevel) -> None:
    low, high = sorted((one, other))
    assert not is_worse(level_of(high, before, BY_PACE), level_of(low, before, BY_PACE))


@given(st.lists(st.integers(-9_999, 9_999), min_size=2, max_size=40), st.sampled_from([850_000, 950_000]))
def test_what_wavers_by_less_than_the_margin_changes_at_most_once(steps: list[int], around: int) -> None:
    levels = follow([around + step for step in steps])
    assert sum(a is not b for a, b in pairwise(levels)) <= 1


def test_the_worse_counts() -> None:
    assert worst({PACE: AMBER, P_HIT: RED}) is P_HIT
    assert worst({PACE: RED, P_HIT: AMBER}) is PACE
    assert worst({PACE: AMBER, P_HIT: AMBER}) is PACE


def test_silent_before_a_tenth_of_the_working_days() -> None:
    assert [is_silent(days, 20, 100_000) for days in (0, 1, 2, 20)] == [True, True, False, False]
    assert [is_silent(days, 21, 100_000) for days in (2, 3)] == [True, False]
    assert not is_silent(0, 0, 100_000), "no day works: all of it is due"
