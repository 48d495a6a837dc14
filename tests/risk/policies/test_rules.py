"""Bands, grades, cells and versions: what is refused, and what holds on a day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.policies.enums import CreditGrade
from services.risk.policies.rules import (
    Activation,
    BandGap,
    DateOrder,
    EffectiveBeforeLast,
    GradeMissing,
    GradeRow,
    PdNotRising,
    Range,
    SamePerson,
    check_approver,
    check_bands,
    check_bounds,
    check_cells,
    check_grades,
    check_start,
    in_force,
)

CUTS = st.lists(st.integers(-100, 100), unique=True, max_size=6).map(sorted)
CELLS = [(likelihood, impact) for likelihood in range(1, 6) for impact in range(1, 6)]
SCORES = (90, 80, 70, 60, 50, 40, 25, 0, None)
PDS = (1_000, 2_000, 5_000, 10_000, 30_000, 80_000, 200_000, 1_000_000, 50_000)
GRADES = [GradeRow(*row) for row in zip(CreditGrade, SCORES, PDS, strict=True)]
DAY = date(2026, 6, 1)


def tiled(cuts: list[int]) -> list[Range]:
    return [Range(low, high) for low, high in pairwise([None, *cuts, None])]


@given(CUTS)
def test_bands_that_follow_each_other_hold_every_value_once(cuts: list[int]) -> None:
    bands = tiled(cuts)
    check_bands(bands, "/bands")
    for value in range(-101, 102):
        holding = [b for b in bands if (b.low is None or value > b.low) and (b.high is None or value <= b.high)]
        assert len(holding) == 1


@given(CUTS.filter(bool), st.data())
def test_any_end_that_moves_leaves_a_gap_or_an_overlap(cuts: list[int], data: st.DataObject) -> None:
    bands = tiled(cuts)
    at = data.draw(st.integers(0, len(bands) - 1))
    end = data.draw(st.sampled_from(("low", "high")))
    other = data.draw(st.integers(-200, 200).filter(lambda n: n != getattr(bands[at], end)))
    bands[at] = bands[at]._replace(**{end: other})
    with pytest.raises(BandGap):
        check_bands(bands, "/bands")


@pytest.mark.parametrize(
    ("bands", "pointer"),
    [
        ([Range(None, 5), Range(6, None)], "/bands/1/low"),
        ([Range(None, 5), Range(4, None)], "/bands/1/low"),
        ([Range(0, None)], "/bands/0/low"),
        ([Range(None, 5)], "/bands/0/high"),
        ([Range(None, 5), Range(5, 5), Range(5, None)], "/bands/1/high"),
        ([Range(None, None), Range(None, None)], "/bands/1/low"),
    ],
)
def test_bad_bands_are_named(bands: list[Range], pointer: str) -> None:
    with pytest.raises(BandGap) as refused:
        check_bands(bands, "/bands")
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_the_grades_of_version_1_are_in_order() -> None:
    check_grades(GRADES, "/grades")


@given(st.integers(0, 8), st.sampled_from(list(CreditGrade)))
def test_each_grade_is_there_once_in_its_place(at: int, grade: CreditGrade) -> None:
    rows = list(GRADES)
    rows[at] = rows[at]._replace(grade=grade)
    if rows != GRADES:
        with pytest.raises(GradeMissing):
            check_grades(rows, "/grades")
    with pytest.raises(GradeMissing):
        check_grades(GRADES[:at] + GRADES[at + 1 :], "/grades")


@pytest.mark.parametrize(("at", "score"), [(0, None), (0, 101), (1, 90), (3, 75), (7, 1), (7, None), (8, 0)])
def test_scores_fall_to_nothing(at: int, score: int | None) -> None:
    rows = list(GRADES)
    rows[at] = rows[at]._replace(score_from=score)
    with pytest.raises(BandGap) as refused:
        check_grades(rows, "/grades")
    assert [error.pointer for error in refused.value.errors] == [f"/grades/{at}/score_from"]


@given(st.integers(1, 7))
def test_the_chance_of_default_rises_with_each_grade(at: int) -> None:
    rows = list(GRADES)
    rows[at] = rows[at]._replace(pd=rows[at - 1].pd)
    with pytest.raises(PdNotRising) as refused:
        check_grades(rows, "/grades")
    assert [error.pointer for error in refused.value.errors] == [f"/grades/{at}/pd"]


def test_no_rating_may_have_any_chance_of_default() -> None:
    check_grades([*GRADES[:-1], GRADES[-1]._replace(pd=0)], "/grades")


@given(st.permutations(CELLS), st.integers(0, 24), st.integers(0, 24))
def test_each_cell_stands_once(cells: list[tuple[int, int]], at: int, other: int) -> None:
    check_cells(cells, "/cells")
    with pytest.raises(BandGap):
        check_cells(cells[:at] + cells[at + 1 :], "/cells")
    with pytest.raises(BandGap):
        check_cells([*cells, cells[other]], "/cells")


def test_bounds_rise() -> None:
    check_bounds((1, 2, 3, 4), "/bounds")
    for bounds in ((1, 1, 3, 4), (1, 2, 4, 3)):
        with pytest.raises(BandGap):
            check_bounds(bounds, "/bounds")


def test_nobody_approves_what_they_wrote() -> None:
    check_approver("director", ("author", "editor"))
    for subject in ("author", "editor"):
        with pytest.raises(SamePerson):
            check_approver(subject, ("author", "editor"))


def test_a_policy_begins_today_or_later() -> None:
    check_start(DAY, DAY, None)
    check_start(DAY, DAY, DAY)
    with pytest.raises(DateOrder):
        check_start(DAY - timedelta(1), DAY, None)
    with pytest.raises(EffectiveBeforeLast):
        check_start(DAY, DAY, DAY + timedelta(1))


STARTS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=8)


@given(STARTS, st.integers(0, 30))
def test_an_activation_never_changes_the_days_before_it(steps: list[tuple[int, int]], day: int) -> None:
    """Each step: days that pass, days until the version holds."""
    activations, today = [Activation(1, date(1900, 1, 1))], DAY
    for ordinal, (passed, ahead) in enumerate(steps, start=2):
        today += timedelta(passed)
        before = {past: in_force(activations, DAY + timedelta(past)) for past in range((today - DAY).days)}
        activations.append(Activation(ordinal, today + timedelta(ahead)))
        assert before == {past: in_force(activations, DAY + timedelta(past)) for past in before}
        assert in_force(activations, today + timedelta(ahead + 1000)) == activations[-1]
    assert in_force(activations, DAY + timedelta(day)) is not None
    assert in_force(activations, date(1899, 12, 31)) is None
