"""What other systems were reported to get wrong about what a cart costs, tried on ours; each test names the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.channels.evaluator.carts import PricedLine
from services.channels.evaluator.rewards import (
    Bundle,
    Ladder,
    LineAmount,
    LinePrice,
    LineRate,
    Need,
    NthPiece,
    OrderRate,
    Products,
    Reward,
    Rung,
    SpendEvery,
    SpendStep,
    SpendSteps,
    Window,
)
from tests.channels.evaluator.carts import NOON, discounts, judged, line, rule

WHOLE = 1_000_000
PER_UNIT_OR_ORDER: list[Reward] = [
    LineAmount({"CNY": 70}),
    LinePrice({"CNY": 400}),
    OrderRate(150_000),
    SpendSteps({"CNY": (SpendStep(3_000, 350), SpendStep(9_000, 1_111))}),
    SpendEvery({"CNY": SpendStep(2_000, 199)}),
    Bundle((Need("A", 2), Need("B", 1)), {"CNY": 1_000}),
    NthPiece(3, 1, WHOLE),
    NthPiece(2, 1, 500_000),
]
"""What is of units or of the order, and rounded once: how units lie on lines is nothing to it."""


def apart(lines: Sequence[PricedLine], draw: Random) -> list[PricedLine]:
    """The same units on more lines."""
    found = []
    for one in lines:
        left = one.quantity
        while left:
            units = draw.randint(1, left)
            found.append(one._replace(quantity=units))
            left -= units
    return found


@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 9)), min_size=1, max_size=4),
    st.sampled_from(PER_UNIT_OR_ORDER),
    st.sampled_from([None, 1, 2]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=400, deadline=None)
def test_units_cost_the_same_however_they_came_into_the_cart(
    units: list[tuple[str, int]], reward: Reward, most: int | None, draw: Random
) -> None:
    """medusa 13431, 14432: buy x get y gave another discount for units that were added one by one, or at once."""
    prices = {"A": 501, "B": 1_007}
    lines = [line(quantity, prices[sku], sku) for sku, quantity in units]
    one, other = judged(lines, rule(reward, max_times=most)), judged(apart(lines, draw), rule(reward, max_times=most))
    assert (one.net, one.discount) == (other.net, other.discount)
    assert {used.code: used.discount for used in one.used} == {used.code: used.discount for used in other.used}


@pytest.mark.parametrize(("units", "free"), [(2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (10, 3)])
def test_two_and_one_counts_whole_times(units: int, free: int) -> None:
    """medusa 13265, 8829: it counted once however much there was, or below nothing where the free piece was missing."""
    found = judged([line(units, 1_000)], rule(NthPiece(3, 1, WHOLE)))
    assert (found.net, found.discount) == ((units - free) * 1_000, free * 1_000)


def test_times_are_counted_over_all_lines() -> None:
    """medusa 16439: a limit of times was passed where a round took units of several lines."""
    lines = [line(1, price, sku) for price, sku in ((900, "A"), (500, "B"), (300, "C"), (100, "D"), (50, "A"))]
    found = judged([*lines, *lines], rule(NthPiece(4, 3, WHOLE), max_times=1))
    assert found.discount == 50 + 50 + 100


@pytest.mark.parametrize("count", [2, 3, 7, 18])
def test_an_amount_off_the_order_is_that_amount(count: int) -> None:
    """magento 27351, 30952, 36249, 36532: 1.00 off came to 0.50, to 1.00 a part of a bundle, or to more."""
    reward = SpendSteps({"CNY": (SpendStep(1, 100),)})
    lines = [line(1, 333 + number, "AB"[number % 2]) for number in range(count)]
    for cart in (lines, lines[::-1]):
        found = judged(cart, rule(reward))
        assert (found.discount, max(discounts(found)) - min(discounts(found)) <= 2) == (100, True)
    assert judged([line(1, 60), line(1, 30)], rule(reward)).discount == 90, "what there is, and no more"


def test_a_percentage_is_rounded_once_for_all_units() -> None:
    """magento 35665, 32351: rounded by the unit, 18 x 6.75 less 5 % came to 115.38."""
    assert judged([line(18, 675)], rule(LineRate(50_000))).net == 11_542, "115.425 less half a cent"
    assert judged([line(3, 333), line(3, 333)], rule(LineRate(150_000))).discount == 150 + 150


@pytest.mark.parametrize("second", [LineRate(150_000), OrderRate(150_000), SpendSteps({"CNY": (SpendStep(0, 99),)})])
def test_all_and_something_off_is_nothing_to_pay(second: Reward) -> None:
    """vendure 2385: 100 % and 15 % of two promotions made the shop pay for the order."""
    found = judged([line(2, 1_000), line(1, 1)], rule(LineRate(WHOLE), "ALL"), rule(second, "MORE"))
    assert (found.net, found.discount) == (0, 2_001)
    assert all(one.net == 0 for one in found.lines)


def test_a_discount_for_some_takes_nothing_off_others() -> None:
    """medusa 12626, magento 28921: a discount off one product was taken off the whole cart."""
    only = rule(LineRate(100_000), products=Products(skus=frozenset("A")))
    spend = rule(SpendEvery({"CNY": SpendStep(1_000, 100)}), "S", products=Products(skus=frozenset("A")))
    found = judged([line(1, 1_500, "A"), line(9, 1_500, "B")], only, spend)
    assert discounts(found) == [150 + 100, 0], "what others cost reaches no threshold either"


def test_a_rung_below_its_quantity_gives_the_one_before() -> None:
    """ERPNext 31481, 21186: bounds of a tier were lost, so it held for any quantity."""
    ladder = rule(Ladder((Rung(10, 50_000), Rung(50, 80_000))))
    found = {units: judged([line(units, 1_000)], ladder).discount for units in (9, 10, 49, 50, 9)}
    assert found == {9: 0, 10: 500, 49: 2_450, 50: 4_000}


def test_of_windows_that_meet_the_last_to_end_holds() -> None:
    """A promotion in two windows, one within the other, ended with whichever was entered first."""
    hour = timedelta(hours=1)
    windows = (Window(NOON - hour, NOON + hour), Window(NOON, NOON + 5 * hour))
    for some in (windows, windows[::-1]):
        assert judged([line(1, 1_000)], rule(LineRate(1_000), windows=some)).ends_at == NOON + 5 * hour
    open_ = (Window(NOON - hour, NOON + hour), Window(NOON, None))
    for some in (open_, open_[::-1]):
        assert judged([line(1, 1_000)], rule(LineRate(1_000), windows=some)).ends_at is None
