"""What things cost: the numbers of the requirement, and laws."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import SHARE_WHOLE
from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.pricing import (
    Basis,
    Break,
    Method,
    Offer,
    after_discount,
    finished,
    is_below_floor,
    latest_offers,
    line_floor,
    margin,
    median,
    minor_rate,
    price_at,
    unit_price,
)

DAY = date(2026, 6, 1)
ONE = {"USD": Fraction(1)}
RATES = {**ONE, "JPY": minor_rate("0.009502", "JPY", "USD"), "CNY": minor_rate("0.137", "CNY", "USD")}
PIECES = (Break(1, 500), Break(100, 450))


def offers(*prices: int, currency: str = "USD") -> tuple[Offer, ...]:
    return tuple(Offer(f"C{number}", price, currency, DAY) for number, price in enumerate(prices))


def test_a_markup_is_on_cost_and_a_margin_only_shown() -> None:
    plus = Method(PriceMethod.COST_PLUS, "USD", markup=250_000)
    assert unit_price(plus, 1, Basis("USD", ONE, cost_base=8_000)) == 10_000
    assert margin(10_000, 8_000) == 200_000
    assert margin(0, 8_000) is None
    assert unit_price(plus, 1, Basis("USD", ONE)) is None, "nothing is known of its cost"


def test_the_market_is_the_median_moved() -> None:
    method = Method(PriceMethod.MARKET, "USD", position=-30_000, min_sources=3)
    assert unit_price(method, 1, Basis("USD", ONE, offers=offers(10_200, 9_800, 11_000))) == 9_894
    assert unit_price(method, 1, Basis("USD", ONE, offers=offers(10_200, 9_800))) is None
    assert median([Fraction(1), Fraction(4), Fraction(2), Fraction(9)]) == 3


def test_a_price_is_converted_then_rounded_then_ended() -> None:
    method = Method(PriceMethod.MARKET, "USD", round_to=1_000, ending=-1)
    assert unit_price(method, 1, Basis("USD", RATES, offers=offers(1_000, currency="JPY"))) == 999
    elsewhere = Basis("CNY", RATES, offers=offers(1_000, currency="JPY"))
    assert unit_price(method, 1, elsewhere) == 6_936, "the steps are of the book's currency"


def test_a_differentiated_price_is_the_list_price_adjusted() -> None:
    method = Method(PriceMethod.DIFFERENTIATED, "USD", adjustment=-50_000)
    assert unit_price(method, 1, Basis("USD", ONE, list_price=1_499)) == 1_424
    assert unit_price(method, 1, Basis("USD", ONE)) is None


def test_a_fixed_price_of_another_currency_never_matches() -> None:
    method = Method(PriceMethod.FIXED, "USD", breaks=PIECES, round_to=1_000, ending=-1)
    assert unit_price(method, 1, Basis("USD", RATES)) == 500
    assert unit_price(method, 1, Basis("CNY", RATES)) is None


@pytest.mark.parametrize(("quantity", "total"), [(1, 500), (99, 49_500), (60 + 40, 45_000), (101, 45_450)])
def test_all_units_have_the_price_of_the_break_that_is_reached(quantity: int, total: int) -> None:
    price = price_at(PIECES, quantity)
    assert price is not None
    assert price * quantity == total
    assert price_at(PIECES[::-1], quantity) == price


def test_below_the_first_break_there_is_no_price() -> None:
    assert price_at(PIECES[1:], 99) is None


@pytest.mark.parametrize(
    ("agreement", "tier", "final", "wanted"),
    [(75_000, 0, False, 924), (0, 75_000, False, 924), (75_000, 50_000, False, 924), (75_000, 0, True, 999)],
)
def test_the_larger_discount_of_a_partner_and_not_both(agreement: int, tier: int, final: bool, wanted: int) -> None:
    assert after_discount(999, agreement, tier, final=final) == wanted


def test_a_floor_is_rounded_up_once() -> None:
    assert line_floor(33, 100, 100_000, Fraction(1)) == 3_630
    assert line_floor(33, 1, 100_000, Fraction(1)) == 37
    assert line_floor(33, 100, 100_000, RATES["JPY"]) == 3_821, "3,630 / 0.9502 = 3,820.2"


@given(
    st.integers(0, 2_000),
    st.integers(0, 2_000),
    st.integers(0, 2 * SHARE_WHOLE),
    st.sampled_from(sorted(RATES)),
    st.integers(1, 5_000),
)
def test_a_price_that_is_not_below_the_floor_breaks_it_at_no_quantity(
    price: int, cost: int, markup: int, currency: str, quantity: int
) -> None:
    rate = RATES[currency]
    if is_below_floor(price, cost, markup, rate):
        many = 10**14
        assert price * many < line_floor(cost, many, markup, rate)
    else:
        assert price * quantity >= line_floor(cost, quantity, markup, rate)


@given(st.fractions(min_value=-10, max_value=10**6), st.integers(1, 5_000), st.integers(-100, 100))
def test_a_finished_price_is_the_nearest_step_with_its_ending(exact: Fraction, step: int, ending: int) -> None:
    found = finished(exact, step, ending)
    assert found >= 0
    if found:
        assert (found - ending) % step == 0
        assert abs(found - ending - exact) * 2 <= step


@given(
    st.lists(
        st.builds(
            Offer,
            st.sampled_from("ABC"),
            st.integers(0, 999),
            st.just("USD"),
            st.integers(-5, 100).map(lambda back: DAY - timedelta(days=back)),
        ),
        unique_by=lambda offer: (offer.competitor, offer.observed_on),
        max_size=12,
    ),
    st.randoms(),
)
def test_of_each_competitor_the_latest_of_ninety_days(found: list[Offer], rng: Random) -> None:
    latest = latest_offers(found, DAY)
    rng.shuffle(found)
    assert latest_offers(found, DAY) == latest
    fresh = [offer for offer in found if 0 <= (DAY - offer.observed_on).days <= 90]
    assert {offer.competitor for offer in latest} == {offer.competitor for offer in fresh}
    assert all(
        offer.observed_on == max(o.observed_on for o in fresh if o.competitor == offer.competitor) for offer in latest
    )


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**6),
    st.integers(0, 10 * SHARE_WHOLE),
    st.sampled_from(list(RATES.values())),
)
def test_a_floor_is_exact(cost: int, quantity: int, markup: int, rate: Fraction) -> None:
    exact = Fraction(cost * quantity) * Fraction(SHARE_WHOLE + markup, SHARE_WHOLE) / rate
    assert line_floor(cost, quantity, markup, rate) == ceil(exact)
