"""Full cost, and which of several dated costs holds."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import AppError
from kit.money import MAX_AMOUNT
from services.channels.product_costs.rules import AmountOverflow, IndirectTwice, full_cost
from services.channels.products.models import CostStep
from services.channels.products.rules import cost_on

DAY = date(2026, 1, 1)


@pytest.mark.parametrize(
    ("direct", "indirect", "share", "wanted"),
    [
        (800, None, 100_000, (80, 880)),
        (800, 75, None, (75, 875)),
        (800, None, None, (0, 800)),
        (5, None, 100_000, (0, 5)),
        (15, None, 100_000, (2, 17)),
        (0, None, 1_000_000, (0, 0)),
        (MAX_AMOUNT, 0, None, (0, MAX_AMOUNT)),
    ],
)
def test_full_cost_is_direct_and_indirect(
    direct: int, indirect: int | None, share: int | None, wanted: tuple[int, int]
) -> None:
    assert full_cost(direct, indirect, share) == wanted


@pytest.mark.parametrize(
    ("indirect", "share", "error"), [(1, 1, IndirectTwice), (MAX_AMOUNT, None, AmountOverflow), (None, 1, None)]
)
def test_an_amount_or_a_share_and_not_too_much(
    indirect: int | None, share: int | None, error: type[AppError] | None
) -> None:
    if error is None:
        assert full_cost(100, indirect, share).full == 100
        return
    with pytest.raises(error):
        full_cost(100, indirect, share)


@given(st.dictionaries(st.integers(0, 400), st.integers(0, 10_000), max_size=8), st.integers(-5, 405), st.randoms())
def test_the_latest_begun_cost_holds_whatever_their_order(costs: dict[int, int], at: int, rng: Random) -> None:
    steps = [CostStep(valid_from=DAY + timedelta(days=day), unit_cost_base=cost) for day, cost in costs.items()]
    rng.shuffle(steps)
    begun = [day for day in costs if day <= at]
    assert cost_on(steps, DAY + timedelta(days=at)) == (costs[max(begun)] if begun else None)
