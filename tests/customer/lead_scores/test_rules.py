"""The score of a lead is a sum, clipped once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer.lead_scores.rules import ScoreLabels, check_labels, score_of

POINTS = st.lists(st.integers(-100, 100), max_size=50)


@pytest.mark.parametrize(
    ("points", "score"),
    [((), 0), ((20, 30), 50), ((60, 70), 100), ((60, 70, -20), 100), ((-20, 10), 0), ((-5, 105), 100)],
)
def test_worked(points: tuple[int, ...], score: int) -> None:
    assert score_of(points) == score


@given(POINTS, st.randoms())
def test_no_order_matters_and_it_stays_within_0_and_100(points: list[int], random: object) -> None:
    shuffled = list(points)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert score_of(shuffled) == score_of(points)
    assert 0 <= score_of(points) <= 100


@given(POINTS, st.integers(0, 100))
def test_more_points_are_never_less(points: list[int], more: int) -> None:
    assert score_of([*points, more]) >= score_of(points)


def test_each_rule_has_its_own_label() -> None:
    check_labels(["a", "b"])
    with pytest.raises(ScoreLabels) as refused:
        check_labels(["a", "b", "a"])
    assert refused.value.errors[0].pointer == "/body/rules/2/label"
