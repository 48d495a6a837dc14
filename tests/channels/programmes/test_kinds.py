"""Flat, lump, growth and mix plans: their numbers, and the law that accruals telescope."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.programmes.rules import (
    RATE_WHOLE,
    GrowthBasis,
    PlanKind,
    Slice,
    TierPlan,
    TierPlanInvalid,
    accrual,
    over_baseline,
    plan_of,
    rebate,
    slices,
)

GROWTH = plan_of(PlanKind.GROWTH, [(100_000, 10_000)])
MIX = plan_of(PlanKind.MIX, [(250_000, 10_000)])


def test_flat_is_one_rate() -> None:
    plan = plan_of(PlanKind.FLAT, [(0, 18_000)])
    assert [rebate(plan, position) for position in (-5, 0, 5_000_000)] == [0, 0, 90_000]
    with pytest.raises(TierPlanInvalid) as refused:
        plan_of(PlanKind.FLAT, [(0, 1), (10, 2)])
    assert refused.value.errors[0].pointer == "/tiers/1/start"


def test_lump_is_the_amount_of_the_reached_tier() -> None:
    plan = plan_of(PlanKind.LUMP, [(0, 0), (1_000, 0), (5_000, 0)], [0, 200, 900])
    assert [rebate(plan, position) for position in (-1, 0, 999, 1_000, 4_999, 5_000, 10**9)] == [
        0, 0, 0, 200, 200, 900, 900
    ]  # fmt: skip
    assert (accrual(plan, 999, 5_000), accrual(plan, 5_000, 4_999), slices(plan, 0, 5_000)) == (900, -700, [])


def test_growth_of_the_page() -> None:
    """B 500,000.00, 10 % earns 1 %: at 549,999.99 0, at 550,000 5,500.00; on growth 500.00."""
    on_all = over_baseline(GROWTH, GrowthBasis.ALL, 50_000_000)
    assert [rebate(on_all, position) for position in (54_999_999, 55_000_000)] == [0, 550_000]
    on_growth = over_baseline(GROWTH, GrowthBasis.GROWTH, 50_000_000)
    assert [rebate(on_growth, position) for position in (54_999_999, 55_000_000)] == [0, 50_000]
    for baseline in (None, 0, -5):
        assert rebate(over_baseline(GROWTH, GrowthBasis.ALL, baseline), 10**12) == 0
    assert rebate(over_baseline(plan_of(PlanKind.GROWTH, [(333_333, 10_000)]), GrowthBasis.ALL, 10), 13) == 0, "ceil"


def test_mix_of_the_page() -> None:
    """25 % earns 1 % of all: 300,000 of 1,000,000 give 10,000.00; 80,000 of focus back (23.9 %): -10,000.00."""
    before, after = (100_000_000, 30_000_000), (92_000_000, 22_000_000)
    assert (rebate(MIX, *before), rebate(MIX, *after)) == (1_000_000, 0)
    assert accrual(MIX, before[0], after[0], (before[1], after[1])) == -1_000_000
    assert slices(MIX, before[0], after[0], (before[1], after[1])) == [
        Slice(1, before[0], 0, 10_000),
        Slice(0, 0, after[0], 0),
    ]
    stands = [(4, 1), (400, 100), (401, 100), (0, 0), (-4, -1)]
    assert [rebate(MIX, *each) for each in stands] == [0, 4, 0, 0, 0]


@pytest.mark.parametrize(
    ("kind", "steps", "amounts", "pointer"),
    [
        (PlanKind.LUMP, [(0, 0)], [None], "/tiers/0/amount"),
        (PlanKind.LUMP, [(0, 5)], [1], "/tiers/0/rate"),
        (PlanKind.FLAT, [(0, 5)], [1], "/tiers/0/amount"),
        (PlanKind.MIX, [(0, 5), (RATE_WHOLE + 1, 6)], [None, None], "/tiers/1/start"),
        (PlanKind.GROWTH, [(100 * RATE_WHOLE + 1, 5)], [None], "/tiers/0/start"),
    ],
)
def test_a_tier_that_does_not_fit_is_named(
    kind: PlanKind, steps: list[tuple[int, int]], amounts: list[int | None], pointer: str
) -> None:
    with pytest.raises(TierPlanInvalid) as refused:
        plan_of(kind, steps, amounts)
    assert refused.value.errors[0].pointer == pointer


@st.composite
def plans(draw: st.DrawFn) -> TierPlan:
    kind = draw(st.sampled_from((PlanKind.FLAT, PlanKind.LUMP, PlanKind.GROWTH, PlanKind.MIX)))
    most = 1 if kind is PlanKind.FLAT else 4
    starts = sorted(draw(st.sets(st.integers(0, 50_000), min_size=1, max_size=most)))
    if kind in (PlanKind.FLAT, PlanKind.LUMP):
        starts[0] = 0
    rates = [0 if kind is PlanKind.LUMP else draw(st.integers(0, RATE_WHOLE)) for _ in starts]
    amounts = [draw(st.integers(0, 900)) if kind is PlanKind.LUMP else None for _ in starts]
    plan = plan_of(kind, list(zip(starts, rates, strict=True)), amounts)
    if kind is PlanKind.GROWTH:
        return over_baseline(plan, draw(st.sampled_from(GrowthBasis)), draw(st.none() | st.integers(-5, 60_000)))
    return plan


moves = st.lists(st.tuples(st.integers(-9_999, 9_999), st.integers(-9_999, 9_999)), max_size=12)


@given(plans(), moves)
def test_accruals_telescope_and_slices_explain_them(plan: TierPlan, moved: list[tuple[int, int]]) -> None:
    position = focus = total = 0
    for volume, of_focus in moved:
        after, focus_after = position + volume, focus + of_focus
        amount = accrual(plan, position, after, (focus, focus_after))
        parts = slices(plan, position, after, (focus, focus_after))
        if plan.kind is not PlanKind.LUMP:
            assert abs(sum((p.end - p.start) * p.rate for p in parts) - amount * RATE_WHOLE) <= RATE_WHOLE
        position, focus, total = after, focus_after, total + amount
    assert total == rebate(plan, position, focus)
