"""Laws of tier plans and accruals."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT
from services.channels.programmes.rules import (
    MAX_POSITION,
    RATE_WHOLE,
    Period,
    PlanKind,
    Slice,
    Tier,
    TierPlan,
    TierPlanInvalid,
    accrual,
    check_plan,
    period_of,
    plan_of,
    rebate,
    slices,
    tier_at,
)

OF_VOLUME = (PlanKind.MARGINAL, PlanKind.RETROACTIVE)
kinds = st.sampled_from(OF_VOLUME)
positions = st.integers(-5_000, 60_000)


@st.composite
def plans(draw: st.DrawFn) -> TierPlan:
    starts = [0, *sorted(draw(st.sets(st.integers(1, 50_000), max_size=4)))]
    rates = draw(st.lists(st.integers(0, RATE_WHOLE), min_size=len(starts), max_size=len(starts)))
    tiers = [Tier(a, b, rate) for a, b, rate in zip(starts, [*starts[1:], None], rates, strict=True)]
    return check_plan(draw(kinds), tiers)


def run(plan: TierPlan, moves: list[int]) -> int:
    position = total = 0
    for move in moves:
        total += accrual(plan, position, position + move)
        position += move
    return total


@given(plans(), st.lists(st.integers(-9_999, 9_999), max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(plan, moves, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = random.sample(moves, len(moves))
    assert run(plan, moves) == run(plan, shuffled) == rebate(plan, sum(moves))


@given(plans(), st.lists(st.integers(0, 9_999), max_size=8))
def test_returning_everything_leaves_nothing(plan: TierPlan, sales: list[int]) -> None:
    assert run(plan, [*sales, *(-sale for sale in sales)]) == 0


@given(plans(), positions, positions)
def test_slices_explain_the_accrual_to_the_rounding(plan: TierPlan, before: int, after: int) -> None:
    parts = slices(plan, before, after)
    exact = Fraction(sum((part.end - part.start) * part.rate for part in parts), RATE_WHOLE)
    assert abs(exact - accrual(plan, before, after)) <= 1
    assert sum(part.end - part.start for part in parts) == max(0, after) - max(0, before)
    assert all(part.rate == plan.tiers[part.tier - 1].rate and part.start != part.end for part in parts)
    backwards = slices(plan, after, before)
    assert [(p.tier, p.end, p.start) for p in reversed(backwards)] == [(p.tier, p.start, p.end) for p in parts]


@given(plans(), positions)
def test_definition_by_kind(plan: TierPlan, position: int) -> None:
    volume = max(0, position)
    if plan.kind is PlanKind.RETROACTIVE:
        exact = Fraction(volume * plan.tiers[tier_at(plan, position) - 1].rate, RATE_WHOLE)
    else:
        inside = [max(0, min(volume, tier.end or volume) - tier.start) * tier.rate for tier in plan.tiers]
        exact = Fraction(sum(inside), RATE_WHOLE)
    assert rebate(plan, position) == round(exact)


def example(kind: PlanKind) -> TierPlan:
    return check_plan(kind, [Tier(0, 1_000, 10_000), Tier(1_000, 5_000, 20_000), Tier(5_000, None, 50_000)])


def test_marginal_example_with_its_slices() -> None:
    plan = example(PlanKind.MARGINAL)
    assert [rebate(plan, p) for p in (-5, 0, 1_000, 5_000, 6_000)] == [0, 0, 10, 90, 140]
    assert slices(plan, 500, 6_000) == [
        Slice(1, 500, 1_000, 10_000),
        Slice(2, 1_000, 5_000, 20_000),
        Slice(3, 5_000, 6_000, 50_000),
    ]
    assert slices(plan, 1_200, 900) == [Slice(2, 1_200, 1_000, 20_000), Slice(1, 1_000, 900, 10_000)]
    assert accrual(plan, 1_200, 900) == -5
    assert slices(plan, -10, 0) == []


def test_retroactive_example_changes_the_rate_of_all_volume_at_the_threshold() -> None:
    plan = example(PlanKind.RETROACTIVE)
    assert [rebate(plan, p) for p in (999, 1_000, 4_999, 5_000)] == [10, 20, 100, 250]
    assert slices(plan, 900, 1_000) == [Slice(1, 900, 0, 10_000), Slice(2, 0, 1_000, 20_000)]
    assert accrual(plan, 1_000, 999) == -10


def test_half_a_unit_rounds_to_even() -> None:
    plan = check_plan(PlanKind.MARGINAL, [Tier(0, None, 500_000)])
    assert [rebate(plan, p) for p in (1, 3, 5)] == [0, 2, 2]


@pytest.mark.parametrize(
    ("tiers", "number", "field"),
    [
        ([], 0, ""),
        ([Tier(1, None, 0)], 1, "start"),
        ([Tier(0, 10, 0)], 1, "end"),
        ([Tier(0, 10, 0), Tier(11, None, 0)], 2, "start"),
        ([Tier(0, 10, 0), Tier(9, None, 0)], 2, "start"),
        ([Tier(0, None, 0), Tier(10, None, 0)], 1, "end"),
        ([Tier(0, 0, 0), Tier(0, None, 0)], 1, "end"),
        ([Tier(0, 10, -1), Tier(10, None, 0)], 1, "rate"),
        ([Tier(0, 10, 1), Tier(10, None, RATE_WHOLE + 1)], 2, "rate"),
        ([Tier(0, MAX_AMOUNT + 1, 1), Tier(MAX_AMOUNT + 1, None, 1)], 1, "end"),
    ],
)
def test_a_bad_plan_names_the_tier(tiers: list[Tier], number: int, field: str) -> None:
    with pytest.raises(TierPlanInvalid) as refused:
        check_plan(PlanKind.MARGINAL, tiers)
    assert (refused.value.tier, refused.value.field) == (number, field)
    assert refused.value.errors[0].pointer == (f"/tiers/{number - 1}/{field}" if number else "/tiers")


def test_positions_past_the_limit_are_refused() -> None:
    with pytest.raises(ValueError, match="position"):
        accrual(example(PlanKind.MARGINAL), 0, MAX_POSITION + 1)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.MONTH, date(2024, 2, 1), date(2024, 2, 29)),
        (Period.QUARTER, date(2024, 1, 1), date(2024, 3, 31)),
        (Period.YEAR, date(2024, 1, 1), date(2024, 12, 31)),
    ],
)
def test_a_day_lies_in_its_calendar_period(period: Period, first: date, last: date) -> None:
    for day in (date(2024, 2, 1), date(2024, 2, 14), date(2024, 2, 29)):
        assert period_of(day, period) == (first, last)
    assert period_of(first, period) == period_of(last, period)
    after = last + timedelta(days=1)
    assert period_of(after, period)[0] == after


def test_december_ends_the_year() -> None:
    assert {period_of(date(2025, 12, 31), period)[1] for period in Period} == {date(2025, 12, 31)}


def test_steps_must_rise() -> None:
    with pytest.raises(TierPlanInvalid) as caught:
        plan_of(PlanKind.MARGINAL, [(0, 1), (10, 2), (10, 3)])
    assert caught.value.errors[0].pointer == "/tiers/2/start"
    assert plan_of(PlanKind.MARGINAL, [(0, 1), (10, 2)]).tiers == (Tier(0, 10, 1), Tier(10, None, 2))


@pytest.mark.parametrize("kind", OF_VOLUME)
def test_a_period_holds_more_than_one_largest_order(kind: PlanKind) -> None:
    plan = example(kind)
    first, second = accrual(plan, 0, MAX_AMOUNT), accrual(plan, MAX_AMOUNT, 2 * MAX_AMOUNT)
    assert first + second == rebate(plan, 2 * MAX_AMOUNT)
