"""Points that are redeemed: over the lines by net, whatever their order, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.evaluator.points_phase import redeem
from services.channels.evaluator.results import Evaluation
from services.channels.evaluator.rewards import LineRate
from tests.channels.evaluator.carts import judged, line, rule


def test_over_the_lines_by_net() -> None:
    found = redeem(judged([line(1, 10_000), line(1, 5_000, "B"), line(1, 5_000, "C")]), 101)
    assert [(one.points, one.discount, one.net) for one in found.lines] == [
        (51, 51, 9_949), (25, 25, 4_975), (25, 25, 4_975),
    ]  # fmt: skip
    assert [one.steps[-1].step for one in found.lines] == ["points"] * 3


def test_after_promotions_and_below_the_floor() -> None:
    cart = judged([line(1, 1_000, floor=900)], rule(LineRate(500_000)))
    assert (cart.net, cart.discount) == (900, 100)
    found = redeem(cart, 900)
    assert (found.net, found.discount, found.needs_approval) == (0, 1_000, False)


def test_more_than_the_net_is_never_asked() -> None:
    with pytest.raises(ValueError, match="positive"):
        redeem(judged([line(1, 0)]), 1)


Lines = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 999), st.sampled_from("ABC")), min_size=1, max_size=8)


@given(Lines, st.data())
def test_no_order_of_lines_changes_an_amount(lines: list[Any], data: st.DataObject) -> None:
    cart = judged([line(*one) for one in lines])
    value = data.draw(st.integers(0, cart.net)) if cart.net else 0
    if not value:
        return
    mixed = data.draw(st.permutations(lines))
    found, other = redeem(cart, value), redeem(judged([line(*one) for one in mixed]), value)
    assert _amounts(found) == _amounts(other)
    assert sum(one.points for one in found.lines) == value == cart.net - found.net
    assert all(one.net >= 0 and one.net + one.discount == one.quantity * one.unit_price for one in found.lines)


def _amounts(found: Evaluation) -> list[tuple[str, int, int, int]]:
    return sorted((one.sku, one.quantity, one.unit_price, one.points) for one in found.lines)
