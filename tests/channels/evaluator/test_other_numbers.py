"""The worked examples of promotions and prices again, with other numbers: what fits one example alone is found."""

from __future__ import annotations

from fractions import Fraction

import pytest

from services.channels.evaluator.rewards import (
    Bundle,
    Ladder,
    LineAmount,
    LinePrice,
    LineRate,
    Need,
    NthPiece,
    OrderRate,
    Rung,
    SpendEvery,
    SpendStep,
    SpendSteps,
)
from services.channels.points.rules import Rate, Sold, earned
from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.pricing import (
    Basis,
    Break,
    Method,
    Offer,
    after_discount,
    line_floor,
    minor_rate,
    price_at,
    unit_price,
)
from tests.channels.evaluator.carts import DAY, discounts, judged, line, rule, why

ONE = {"USD": Fraction(1)}


def test_promotions_of_lines() -> None:
    assert discounts(judged([line(7, 1_999)], rule(LineRate(125_000)))) == [1_749], "12.5 % of 139.93"
    assert discounts(judged([line(7, 1_999)], rule(LineAmount({"CNY": 35})))) == [245]
    assert discounts(judged([line(4, 12_900)], rule(LinePrice({"CNY": 9_950})))) == [11_800]
    ladder = rule(Ladder((Rung(20, 30_000), Rung(100, 70_000))))
    assert discounts(judged([line(60, 235), line(40, 235)], ladder)) == [987, 658]
    assert discounts(judged([line(60, 235), line(39, 235)], ladder)) == [423, 275], "3 % of 141.00 and of 91.65"


@pytest.mark.parametrize(("days", "discount"), [(0, 1_481), (15, 1_481), (16, 0)])
def test_prompt_payment(days: int, discount: int) -> None:
    prompt = rule(OrderRate(15_000), payment_terms_max=15)
    assert judged([line(1, 98_765)], prompt, payment_terms_days=days).discount == discount


def test_promotions_of_sets() -> None:
    """Two sets of one at 100.00 and two at 30.00 for 150.00: 20.00 over 200.00 and 120.00."""
    bundle = rule(Bundle((Need("A", 1), Need("B", 2)), {"CNY": 15_000}))
    assert discounts(judged([line(3, 10_000, "A"), line(5, 3_000, "B")], bundle)) == [1_250, 750]
    fourth = rule(NthPiece(4, 1, 500_000))
    prices = (8_000, 7_000, 6_000, 5_000, 4_000)
    assert discounts(judged([line(1, price, f"S{price}") for price in prices], fourth)) == [0, 0, 0, 0, 2_000]


@pytest.mark.parametrize(("spent", "discount"), [(19_999, 0), (20_000, 1_500), (79_999, 1_500), (80_000, 9_000)])
def test_steps_of_a_spend(spent: int, discount: int) -> None:
    steps = rule(SpendSteps({"CNY": (SpendStep(80_000, 9_000), SpendStep(20_000, 1_500))}))
    assert judged([line(1, spent)], steps).discount == discount


@pytest.mark.parametrize(("spent", "most", "discount"), [(99_900, 2, 4_000), (99_900, None, 6_000), (24_999, 2, 0)])
def test_every_so_much_of_a_spend(spent: int, most: int | None, discount: int) -> None:
    assert (
        judged([line(1, spent)], rule(SpendEvery({"CNY": SpendStep(25_000, 2_000)}), max_times=most)).discount
        == discount
    )


def test_what_is_cut_and_what_is_spread() -> None:
    """8.00 and 25 % of two groups on 20.00 that may cost 10.00; 7.00 over three; 50.00 where one is full at 5.00."""
    both = [rule(LineAmount({"CNY": 800}), "P"), rule(LineRate(250_000), "Q")]
    assert [used.discount for used in judged([line(1, 2_000, floor=1_000)], *both).used] == [615, 385]
    seven = rule(SpendSteps({"CNY": (SpendStep(0, 700),)}))
    assert sorted(discounts(judged([line(1, 5_000) for _ in range(3)], seven))) == [233, 233, 234]
    fifty = rule(SpendSteps({"CNY": (SpendStep(0, 5_000),)}))
    lines = [line(1, 20_000, "A", floor=19_500), line(1, 6_000, "B"), line(1, 4_000, "C")]
    assert discounts(judged(lines, fifty)) == [500, 2_700, 1_800]


def test_an_earlier_step_that_costs_a_later_one() -> None:
    off, spend = (
        rule(LineAmount({"CNY": 1_000}), "OFF"),
        rule(SpendSteps({"CNY": (SpendStep(50_000, 5_000),)}), "SPEND"),
    )
    found = judged([line(1, 50_500)], off, spend)
    assert (found.discount, why(found)["SPEND"][1]) == (1_000, 500)
    assert judged([line(1, 50_500)], off, spend, declined=frozenset({"OFF"})).discount == 5_000


def test_prices() -> None:
    plus = Method(PriceMethod.COST_PLUS, "USD", markup=300_000)
    assert unit_price(plus, 1, Basis("USD", ONE, cost_base=1_234)) == 1_604
    offers = tuple(Offer(f"C{n}", price, "USD", DAY) for n, price in enumerate((10_150, 9_725, 11_000, 9_000)))
    market = Method(PriceMethod.MARKET, "USD", position=20_000, min_sources=4)
    assert unit_price(market, 1, Basis("USD", ONE, offers=offers)) == 10_136, "99.375 and 2 %"
    moved = Method(PriceMethod.DIFFERENTIATED, "USD", adjustment=75_000)
    assert unit_price(moved, 1, Basis("USD", ONE, list_price=1_999)) == 2_149
    rates = {**ONE, "KWD": minor_rate("3.25", "KWD", "USD")}
    fils = (Offer("C", 1_500, "KWD", DAY),)
    ended = Method(PriceMethod.MARKET, "USD", round_to=100, ending=-5, min_sources=1)
    assert unit_price(ended, 1, Basis("USD", rates, offers=fils)) == 495, "1.500 is 4.875: to 1.00, less 0.05"
    breaks = (Break(1, 720), Break(50, 690))
    assert [price_at(breaks, quantity) for quantity in (49, 20 + 30)] == [720, 690]
    assert after_discount(1_999, 125_000, 60_000, final=False) == 1_749


@pytest.mark.parametrize(("pieces", "floor"), [(250, 12_690), (1, 51), (33, 1_676)])
def test_floors_are_rounded_up_once(pieces: int, floor: int) -> None:
    assert line_floor(47, pieces, 80_000, Fraction(1)) == floor


def test_points() -> None:
    """1 per 7.50 of 44.95 (twice) and 37.60: 127.50 counts, 17 points."""
    lines = [Sold(1, "A", 1, 4_495, 2_000_000), Sold(2, "B", 2, 3_760, 1_000_000)]
    assert sum(earned(lines, Rate(1, 750))) == 17
    assert sum(earned([one._replace(factor=1_000_000) for one in lines], Rate(1, 750))) == 11
