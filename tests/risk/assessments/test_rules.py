"""Pure rules of assessments, and the matrix that is installed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ids import new_id
from services.risk.assessments.rules import Judged, Moved, Placed, ResidualExceedsInherent, check_residual, moves
from services.risk.policies.enums import RiskBand

SIDES = st.integers(1, 5)


def judged(likelihood: int, impact: int) -> Judged:
    product = likelihood * impact
    band = "low" if product <= 4 else "medium" if product <= 9 else "high" if product <= 14 else "extreme"
    return Judged(likelihood, impact, RiskBand("high" if (likelihood, impact) == (1, 5) else band))


JUDGED = st.builds(judged, SIDES, SIDES)


@given(JUDGED, JUDGED)
def test_what_is_left_is_at_most_all_of_it(inherent: Judged, residual: Judged) -> None:
    bands = list(RiskBand)
    is_more = (
        bands.index(residual.band) > bands.index(inherent.band)
        or residual.likelihood * residual.impact > inherent.likelihood * inherent.impact
    )
    if is_more:
        with pytest.raises(ResidualExceedsInherent):
            check_residual(inherent, residual)
    else:
        check_residual(inherent, residual)


def test_a_band_may_be_higher_at_the_same_product() -> None:
    check_residual(judged(1, 5), judged(5, 1))
    with pytest.raises(ResidualExceedsInherent):
        check_residual(judged(5, 1), judged(1, 5))


@given(JUDGED)
def test_without_the_other_kind_everything_goes(one: Judged) -> None:
    check_residual(None, one)
    check_residual(one, None)


def test_moves_name_who_came_went_and_moved() -> None:
    stays, moved, new, gone = (new_id() for _ in range(4))
    before = [Placed(stays, "A", "a", 1, 1), Placed(moved, "B", "b", 2, 2), Placed(gone, "C", "c", 3, 3)]
    after = [Placed(stays, "A", "a", 1, 1), Placed(moved, "B", "b", 2, 3), Placed(new, "D", "d", None, None)]
    assert moves(before, after) == [
        Moved(after[1], (2, 2), (2, 3)),
        Moved(before[2], (3, 3), None),
    ]
    assert moves(before, before) == []
