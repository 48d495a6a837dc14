"""More that other systems were reported to get wrong about what a cart costs; each test names the report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.evaluator.results import Reason
from services.channels.evaluator.rewards import (
    Bundle,
    Ladder,
    LinePrice,
    LineRate,
    Need,
    NthPiece,
    OrderRate,
    Products,
    Rung,
    SpendStep,
    SpendSteps,
)
from tests.channels.evaluator.carts import discounts, judged, line, rule, why

WHOLE = 1_000_000
OF_A = Products(skus=frozenset("A"))


def test_the_cheapest_is_the_cheapest_of_what_a_promotion_is_for() -> None:
    """saleor 12107: the cheapest of the whole cart was reduced, though the voucher was not for it."""
    lines = [line(1, 100, "B"), line(2, 900, "A"), line(1, 700, "A")]
    found = judged(lines, rule(NthPiece(3, 1, WHOLE), products=OF_A))
    assert discounts(found) == [0, 0, 700]
    few = judged([line(2, 100, "B"), line(2, 900, "A")], rule(NthPiece(3, 1, WHOLE), products=OF_A))
    assert (few.discount, why(few)["P"]) == (0, (Reason.QUANTITY, 1)), "others make no set of it either"


@given(st.integers(1, 50), st.integers(1, 99_999), st.integers(1, 99), st.integers(1, 99))
def test_a_rate_of_the_order_is_of_what_the_lines_still_cost(units: int, price: int, first: int, second: int) -> None:
    """saleor 17453: 40 % off a product and 70 % off the order were both of its list price, and it cost nothing."""
    found = judged(
        [line(units, price)], rule(LineRate(first * 10_000), "LINE"), rule(OrderRate(second * 10_000), "ORDER")
    )
    exact = units * price * (100 - first) * (100 - second)
    assert abs(found.net * 10_000 - exact) <= 10_000, "rounded twice, half a cent each"


@pytest.mark.parametrize("amount", [8_000, 8_001, 15_000])
def test_an_amount_that_is_more_than_the_order_leaves_nothing_to_pay(amount: int) -> None:
    """magento 9512: 150.00 off 80.00 left some cents, or fell below nothing."""
    reward = SpendSteps({"CNY": (SpendStep(1, amount),)})
    found = judged([line(3, 333), line(7, 143), line(1, 6_000)], rule(reward))
    assert (found.net, found.discount) == (0, 8_000)
    assert discounts(found) == [999, 1_001, 6_000]


@pytest.mark.parametrize(("sets", "reduced"), [(1, 1), (2, 2), (3, 2), (8, 2)])
def test_a_most_of_times_leaves_the_rest_at_its_price(sets: int, reduced: int) -> None:
    """ERPNext 18006: above its largest quantity a rule gave nothing at all instead of nothing more."""
    lines = [line(sets, 1_000, "A"), line(sets, 400, "B")]
    bundle = rule(Bundle((Need("A", 1), Need("B", 1)), {"CNY": 1_200}), max_times=2)
    assert judged(lines, bundle).discount == reduced * 200


def test_quantities_of_all_that_a_rule_is_for_count_together() -> None:
    """ERPNext 51750, 25364: 3 and 19 of two products missed 20 until a third was added."""
    ladder = rule(Ladder((Rung(20, 100_000),)), products=Products(skus=frozenset("AB")))
    assert discounts(judged([line(3, 1_000, "A"), line(19, 500, "B")], ladder)) == [300, 950]
    found = judged([line(3, 1_000, "A"), line(16, 500, "B"), line(9, 700, "C")], ladder)
    assert (found.discount, why(found)["P"]) == (0, (Reason.QUANTITY, 1)), "a third product makes up for nothing"


@given(st.integers(1, 10_000), st.integers(1, 99_999), st.data())
def test_a_price_of_a_piece_is_that_price_for_any_number_of_them(units: int, listed: int, data: st.DataObject) -> None:
    """odoo 30243, 46417: 80.00 instead of 180.00 was kept as 55.56 % and came to 79.99."""
    price = data.draw(st.integers(0, listed))
    assert judged([line(units, listed)], rule(LinePrice({"CNY": price}))).net == units * price


def test_what_a_threshold_counts_is_pieces_times_price_of_its_products() -> None:
    """magento 33118: of 4 pieces a part was counted four times over, and others beside it."""
    spend = rule(SpendSteps({"CNY": (SpendStep(50_000, 5_000),)}), products=OF_A)
    assert judged([line(4, 12_500, "A"), line(1, 99_999, "B")], spend).discount == 5_000
    short = judged([line(4, 12_499, "A"), line(9, 99_999, "B")], spend)
    assert (short.discount, why(short)["P"]) == (0, (Reason.THRESHOLD, 4))


def test_what_is_excluded_reaches_no_threshold_and_pays_no_part() -> None:
    """An amount off the order was spread over products that are excluded from it, and these helped to reach it."""
    products = Products(excluded=frozenset("B"))
    spend = rule(SpendSteps({"CNY": (SpendStep(10_000, 1_000),)}), products=products)
    assert discounts(judged([line(1, 10_000, "A"), line(1, 30_000, "B")], spend)) == [1_000, 0]
    assert judged([line(1, 9_999, "A"), line(1, 30_000, "B")], spend).discount == 0
