"""Splits are exact and fair, conversion rounds once, half to even."""

from __future__ import annotations

import doctest
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import money
from kit.money import (
    MAX_AMOUNT,
    Money,
    UnknownCurrency,
    allocate,
    apportion,
    convert,
    exponent,
    is_currency,
    lots,
    ratio,
)

totals = st.integers(-MAX_AMOUNT, MAX_AMOUNT)
weights = st.lists(
    st.one_of(st.integers(0, 10**6), st.fractions(0, 10, max_denominator=10**6)), min_size=1, max_size=30
).filter(any)


@given(totals, weights)
def test_parts_sum_to_the_total_and_lie_within_one_of_exact(total: int, shares: list[Any]) -> None:
    parts = allocate(total, shares)
    whole = sum(map(Fraction, shares))
    assert sum(parts) == total
    for part, share in zip(parts, shares, strict=True):
        assert abs(part - total * Fraction(share) / whole) < 1
        assert part == 0 or share > 0
        assert part * total >= 0


@given(totals, weights)
def test_split_of_the_negative_is_the_negative_of_the_split(total: int, shares: list[Any]) -> None:
    assert allocate(-total, shares) == [-part for part in allocate(total, shares)]


@given(totals, weights, st.randoms())
def test_order_of_the_input_does_not_matter_with_keys(total: int, shares: list[Any], random: Any) -> None:
    keyed = [(f"key-{n}", share) for n, share in enumerate(shares)]
    before = dict(zip((key for key, _ in keyed), allocate(total, shares, [key for key, _ in keyed]), strict=True))
    random.shuffle(keyed)
    parts = allocate(total, [share for _, share in keyed], [key for key, _ in keyed])
    assert dict(zip((key for key, _ in keyed), parts, strict=True)) == before


@given(totals, weights, st.integers(1, 1000))
def test_only_the_proportions_count(total: int, shares: list[Any], factor: int) -> None:
    assert allocate(total, [share * factor for share in shares]) == allocate(total, shares)


@given(totals, weights)
def test_larger_weight_never_gets_less(total: int, shares: list[Any]) -> None:
    parts = sorted(zip(shares, map(abs, allocate(total, shares)), strict=True))
    for (weight, part), (heavier, more) in pairwise(parts):
        assert weight == heavier or part <= more


def test_ties_go_to_the_smaller_key_or_the_earlier_place() -> None:
    assert allocate(100, [1, 1, 1]) == [34, 33, 33]
    assert allocate(100, [1, 1, 1], ["c", "b", "a"]) == [33, 33, 34]
    assert allocate(-1, [1, 1], ["b", "a"]) == [0, -1]
    assert allocate(5, [0, 1]) == [0, 5]


@pytest.mark.parametrize("shares", [[], [0], [0, 0], [1, -1], [Fraction(-1, 2), 2]])
def test_weights_that_cannot_be_split_by(shares: list[Any]) -> None:
    with pytest.raises(ValueError, match="weight"):
        allocate(1, shares)


@given(totals, st.decimals("0.000001", "99999", places=6), st.sampled_from(["USD", "JPY", "KWD", "CLF"]))
def test_conversion_rounds_the_exact_value_once(amount: int, rate: Decimal, currency: str) -> None:
    exact = Fraction(amount) * Fraction(rate) * Fraction(10) ** (2 - exponent(currency))
    converted = convert(amount, currency, str(rate), "EUR")
    assert abs(converted - exact) <= Fraction(1, 2)
    assert convert(-amount, currency, rate, "EUR") == -converted
    assert convert(amount, currency, "1", currency) == amount


@given(st.integers(-(10**9), 10**9))
def test_half_goes_to_the_even_neighbour(doubled: int) -> None:
    expected = int((Decimal(doubled) / 2).to_integral_value(ROUND_HALF_EVEN))
    assert ratio(doubled, 1, 2) == expected


def test_ratio_has_no_intermediate_rounding() -> None:
    assert ratio(MAX_AMOUNT, 10**6 - 1, 10**6) == MAX_AMOUNT - 10**7
    assert [ratio(n, 1, 2) for n in (1, 3, 5, -1, -3)] == [0, 2, 2, 0, -2]
    with pytest.raises(ZeroDivisionError):
        ratio(1, 1, 0)


def test_currencies() -> None:
    assert [exponent(code) for code in ("CNY", "JPY", "KWD", "CLF")] == [2, 0, 3, 4]
    assert is_currency("EUR")
    for code in ("XAU", "eur", "EU", "", "ZZZ", "XXX"):
        assert not is_currency(code)
        with pytest.raises(UnknownCurrency):
            exponent(code)


def test_money_combines_within_one_currency() -> None:
    assert Money(3, "EUR") + Money(4, "EUR") == Money(7, "EUR")
    assert Money(3, "EUR") - Money(4, "EUR") == -Money(1, "EUR")
    with pytest.raises(ValueError, match="cannot combine EUR with USD"):
        Money(3, "EUR") + Money(4, "USD")


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(money).failed == 0


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=8), st.integers(0, 10**13), st.integers(0, 10**6))
def test_of_less_nobody_has_more(parts: list[int], total: int, less: int) -> None:
    found, fewer = apportion(total, parts), apportion(max(0, total - less), parts)
    assert (sum(found), sum(fewer)) == (total, max(0, total - less))
    assert all(0 <= after <= before for before, after in zip(found, fewer, strict=True))
    assert apportion(-total, parts) == [-part for part in found]
    exact = [Fraction(total * part, sum(parts)) for part in parts]
    # with the divisor d a part is w/d + e, |e| <= 1/2: off by e (1 - s) - s x (the e of all others), s its share
    most = Fraction(max(1, len(parts) - 1), 2)
    assert all(abs(part - at) <= most for part, at in zip(found, exact, strict=True))
    assert len(parts) > 3 or all(abs(part - at) < 1 for part, at in zip(found, exact, strict=True))
    if len(parts) <= 3:
        assert all(abs(part - at) < 1 for part, at in zip(found, exact, strict=True))


@pytest.mark.parametrize("parts", [[], [1, 0], [-1]])
def test_parts_that_nothing_can_be_given_to_are_refused(parts: list[int]) -> None:
    with pytest.raises(ValueError, match="positive"):
        apportion(1, parts)


def test_a_lot_is_drawn_anew_for_each_thing() -> None:
    first = [min(names, key=dict(zip(names, lots(about, "x", names), strict=True)).__getitem__) for about in range(300)]
    assert all(70 <= first.count(name) <= 130 for name in names)
    assert lots(1, "x", names) == lots(1, "x", names) != lots(1, "y", names)


names = ("a", "b", "c")
