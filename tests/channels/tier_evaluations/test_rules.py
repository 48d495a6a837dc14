"""Figures of a period, the level they reach, where a partner moves and what it lacks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.tier_evaluations.enums import TierMove
from services.channels.tier_evaluations.rules import (
    LARGEST,
    Inputs,
    Lack,
    figures_of,
    lacks,
    next_above,
    reached,
    standing_in,
    verdict,
)
from services.channels.tier_programmes.enums import TierMetric
from services.channels.tier_programmes.rules import Level

W = 1_000_000
BRONZE = Level("bronze", 1)
SILVER = Level("silver", 2, {TierMetric.REVENUE: 20_000_000})
GOLD = Level("gold", 3, {TierMetric.REVENUE: 100_000_000, TierMetric.CONFLICTS: 1})
LEVELS = [BRONZE, SILVER, GOLD]
UP, DOWN, STAY = TierMove.UP, TierMove.DOWN, TierMove.STAY


def test_missing_is_threshold_less_value() -> None:
    found = lacks(GOLD, figures_of(Inputs(revenue=87_000_000)))
    assert found == [Lack(TierMetric.REVENUE, 100_000_000, 87_000_000, 13_000_000)], "870,000.00 of 1,000,000.00"


def test_a_threshold_is_reached_when_it_is_met_exactly() -> None:
    assert reached(LEVELS, figures_of(Inputs(revenue=100_000_000, conflicts=1))) is GOLD
    assert reached(LEVELS, figures_of(Inputs(revenue=99_999_999, conflicts=1))) is SILVER
    assert reached(LEVELS, figures_of(Inputs(revenue=100_000_000, conflicts=2))) is SILVER, "at fault once too often"
    assert lacks(GOLD, figures_of(Inputs(revenue=10**9, conflicts=3))) == [Lack(TierMetric.CONFLICTS, 1, 3, 2)]


@pytest.mark.parametrize(
    ("found", "metric", "value"),
    [
        (Inputs(revenue=110, revenue_before=100), TierMetric.GROWTH, 100_000),
        (Inputs(revenue=110, revenue_before=0), TierMetric.GROWTH, None),
        (Inputs(revenue=110, revenue_before=-5), TierMetric.GROWTH, None),
        (Inputs(revenue=-110, revenue_before=100), TierMetric.GROWTH, -2_100_000),
        (Inputs(revenue=10**18, revenue_before=1), TierMetric.GROWTH, LARGEST),
        (Inputs(deals_won=2, deals_decided=3), TierMetric.DEALS_WON, 666_667),
        (Inputs(deals_won=2, deals_decided=2), TierMetric.DEALS_WON, None),
        (Inputs(answers=5, twelfths=4_800), TierMetric.SATISFACTION, 800_000),
        (Inputs(answers=4, twelfths=4_800), TierMetric.SATISFACTION, None),
        (Inputs(), TierMetric.CERTIFICATES, 0),
        (Inputs(), TierMetric.CONFLICTS, 0),
    ],
)
def test_figures(found: Inputs, metric: TierMetric, value: int | None) -> None:
    assert figures_of(found)[metric] == value


def test_thin_data_hold_for_no_threshold() -> None:
    asks = Level("gold", 1, {TierMetric.GROWTH: -W, TierMetric.DEALS_WON: 0, TierMetric.SATISFACTION: 0})
    assert [(one.metric, one.value, one.missing) for one in lacks(asks, figures_of(Inputs()))] == [
        (TierMetric.GROWTH, None, None),
        (TierMetric.DEALS_WON, None, None),
        (TierMetric.SATISFACTION, None, None),
    ]


def test_the_highest_counts_whatever_holds_below() -> None:
    odd = [Level("silver", 1, {TierMetric.CERTIFICATES: 3}), Level("gold", 2, {TierMetric.REVENUE: 100})]
    assert reached(odd, figures_of(Inputs(revenue=100))) == odd[1]
    assert reached(odd, figures_of(Inputs(revenue=99))) is None


def test_up_at_once_and_down_after_two_in_a_row() -> None:
    assert verdict(LEVELS, None, GOLD, 0) == (UP, GOLD, 0), "two levels at once"
    assert verdict(LEVELS, 3, GOLD, 1) == (STAY, GOLD, 0), "failing begins anew"
    assert verdict(LEVELS, 3, BRONZE, 0) == (STAY, GOLD, 1)
    assert verdict(LEVELS, 3, BRONZE, 1) == (DOWN, SILVER, 0), "one level, however little was reached"
    assert verdict(LEVELS, 2, BRONZE, 0) == (STAY, SILVER, 1), "and then two again"
    assert verdict(LEVELS, 1, None, 1) == (DOWN, None, 0), "from the lowest to none"
    assert verdict(LEVELS, None, None, 0) == (STAY, None, 0)


def test_a_rank_of_another_version_is_worth_the_level_below_it() -> None:
    fewer = [BRONZE, GOLD]
    assert standing_in(fewer, 2) is BRONZE
    assert verdict(fewer, 2, GOLD, 0) == (UP, GOLD, 0)
    assert standing_in([SILVER], 1) is None
    assert next_above(LEVELS, SILVER) is GOLD
    assert next_above(LEVELS, None) is BRONZE
    assert next_above(LEVELS, GOLD) is None


RANKS = st.none() | st.sampled_from(LEVELS)


@given(st.lists(RANKS, max_size=12))
def test_a_series_never_falls_faster_than_every_second_time(found: list[Level | None]) -> None:
    rank, failures, ranks = None, 0, [0]
    for one in found:
        moved = verdict(LEVELS, rank, one, failures)
        rank, failures = moved.level.rank if moved.level else None, moved.failures
        assert (rank or 0) >= (one.rank if one else 0), "never below what was reached"
        assert failures < 2
        ranks.append(rank or 0)
    falls = [after < before for before, after in pairwise(ranks)]
    assert not any(one and other for one, other in pairwise(falls))
    assert all(before - after <= 1 for before, after in pairwise(ranks))


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 5))
def test_more_revenue_is_never_a_lower_level(one: int, other: int, conflicts: int) -> None:
    less, more = sorted((one, other))
    ranks = [reached(LEVELS, figures_of(Inputs(revenue=revenue, conflicts=conflicts))) for revenue in (less, more)]
    assert ranks[0] is not None
    assert ranks[1] is not None
    assert ranks[0].rank <= ranks[1].rank
