"""Step one: prices and floors of lines by price books, as on the page of prices."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from kit.money import MAX_AMOUNT
from services.channels.evaluator.prices import Article, AskedLine, Market, PriceMissing, price_lines
from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.pricing import Break, Method, Offer
from services.channels.price_books.rules import Buyer, Entry, Selector
from services.channels.product_costs.rules import AmountOverflow

DAY = date(2026, 2, 12)
CNY = {"CNY": Fraction(1)}


def fixed(*breaks: tuple[int, int], code: str = "E", currency: str = "CNY", final: bool = False, **who: Any) -> Entry:
    method = Method(PriceMethod.FIXED, currency, breaks=tuple(Break(*one) for one in breaks))
    return Entry(code, "LIST", "A", None, Selector(**who), method, date(2026, 1, 1), final=final)


def found(*entries: Entry, lines: Any = ((1, 0),), market: Market | None = None, **more: Any) -> list[tuple[int, int]]:
    """Amount and floor of each line."""
    asked = [AskedLine("A", *line) for line in lines]
    article = Article("A", "goods", entries=entries, **more)
    priced, _prices = price_lines(asked, {"A": article}, Buyer(DAY, tier="GOLD"), market or Market("CNY", CNY))
    return [(line.amount, line.floor) for line in priced]


def test_breaks_count_the_quantity_of_all_lines_of_a_product() -> None:
    breaks = ((1, 500), (100, 450))
    assert found(fixed(*breaks), lines=[(99, 0)]) == [(49500, 0)]
    assert sum(amount for amount, _floor in found(fixed(*breaks), lines=[(60, 0), (40, 0)])) == 45000


def test_the_larger_of_agreement_and_tier_discount_unless_final() -> None:
    market = Market("CNY", CNY, agreement={"goods": 75_000}, tier=50_000)
    assert found(fixed((1, 999)), market=market) == [(924, 0)]
    assert found(fixed((1, 999), final=True), market=market) == [(999, 0)]


def test_floor_is_of_the_line_and_rounded_up_once() -> None:
    market = Market("CNY", CNY, min_markups={"LIST": 100_000})
    assert found(fixed((1, 100)), lines=[(100, 0)], market=market, cost_base=33) == [(10000, 3630)]


def test_methods_meet_cost_market_and_list() -> None:
    def by(method: PriceMethod, **terms: Any) -> Entry:
        own = Method(method, "CNY", **terms)
        return Entry("M", "LIST", "A", None, Selector(tier="GOLD"), own, date(2026, 1, 1))

    listed = fixed((1, 10000))
    assert found(listed, by(PriceMethod.DIFFERENTIATED, adjustment=-100_000)) == [(9000, 0)]
    assert found(listed, by(PriceMethod.COST_PLUS, markup=250_000), cost_base=8000) == [(10000, 8000)]
    offers = tuple(Offer(name, price, "CNY", DAY) for name, price in (("a", 10200), ("b", 9800), ("c", 11000)))
    market = by(PriceMethod.MARKET, position=-30_000, min_sources=3)
    assert found(listed, market, offers=offers) == [(9894, 0)]
    assert found(listed, market, offers=offers[:2]) == [(10000, 0)], "too few sources: the list price"
    unknown = tuple(one._replace(currency="USD") for one in offers)
    assert found(listed, market, offers=unknown) == [(10000, 0)], "what cannot be converted is no source"


def test_no_price_is_an_error_that_names_the_line() -> None:
    with pytest.raises(PriceMissing) as missing:
        found(fixed((1, 100), currency="USD"))
    assert [fault.pointer for fault in missing.value.errors] == ["/lines/0/sku"]
    with pytest.raises(AmountOverflow):
        found(fixed((1, MAX_AMOUNT)), lines=[(2, 0)])
