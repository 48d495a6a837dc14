"""Step one: what a unit of each line costs by price books, before any promotion, and the floor of the line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from kit.errors import Conflict, FieldError
from kit.money import MAX_AMOUNT
from services.channels.evaluator.carts import PricedLine
from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.pricing import Basis, Offer, after_discount, latest_offers, line_floor, unit_price
from services.channels.price_books.rules import Buyer, Entry, Priced, Selector, choose
from services.channels.product_costs.rules import AmountOverflow


class PriceMissing(Conflict):
    code, title = "price-missing", "No price of a product is known for who buys"


class AskedLine(NamedTuple):
    """What is asked for: units of a product, and what the seller takes off the line."""

    sku: str
    quantity: int
    manual: int = 0


@dataclass(frozen=True, slots=True)
class Article:
    """A product as prices see it: full cost of a unit in base currency, entries and offers that may be for it."""

    sku: str
    product_line: str
    cost_base: int | None = None
    entries: tuple[Entry, ...] = ()
    offers: tuple[Offer, ...] = ()


@dataclass(frozen=True, slots=True)
class Market:
    """What prices are found with: rates to base by currency (minor units), least markups by book, discounts of the
    partner by product line (agreement, with its last day where it has one) and in all (tier), least unit nets that
    stand approved by sku."""

    currency: str
    rates: Mapping[str, Fraction]
    min_markups: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    agreement: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    agreement_ends: Mapping[str, date] = field(default_factory=lambda: MappingProxyType({}))
    tier: int = 0
    approved: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


class Price(NamedTuple):
    """The entry that applies, list price and price of a unit, the last day of all that it was found from."""

    entry: Entry
    list_price: int
    unit_price: int
    end: date | None = None


def price_of(article: Article, quantity: int, buyer: Buyer, market: Market) -> Price | None:
    """What a unit costs at the quantity of all lines of the product; None: no entry applies."""
    offers = tuple(one for one in latest_offers(article.offers, buyer.day) if one.currency in market.rates)
    basis = Basis(market.currency, market.rates, article.cost_base, offers)
    listed = _choose(article, buyer, quantity, basis, [e for e in article.entries if _is_list(e)])
    basis = Basis(market.currency, market.rates, article.cost_base, offers, listed.unit_price if listed else None)
    found = _choose(article, buyer, quantity, basis, article.entries)
    if found is None:
        return None
    share = market.agreement.get(article.product_line, 0)
    price = after_discount(found.unit_price, share, market.tier, final=found.entry.final)
    used = [found.entry]
    if listed is not None and found.entry.method.method is PriceMethod.DIFFERENTIATED:
        used.append(listed.entry)
    ends = [entry.end for entry in used if entry.end is not None]
    if share > market.tier and not found.entry.final and article.product_line in market.agreement_ends:
        ends.append(market.agreement_ends[article.product_line])
    end = min(ends, default=None)
    return Price(found.entry, listed.unit_price if listed else found.unit_price, price, end)


def _is_list(entry: Entry) -> bool:
    return entry.selector == Selector() and entry.method.method is not PriceMethod.DIFFERENTIATED


def _choose(article: Article, buyer: Buyer, quantity: int, basis: Basis, entries: Sequence[Entry]) -> Priced | None:
    return choose(entries, buyer, article.sku, article.product_line, partial(_unit_price, quantity, basis))


def _unit_price(quantity: int, basis: Basis, entry: Entry) -> int | None:
    return unit_price(entry.method, quantity, basis)


def price_lines(
    asked: Sequence[AskedLine], articles: Mapping[str, Article], buyer: Buyer, market: Market
) -> tuple[list[PricedLine], dict[str, Price]]:
    """Lines with prices and floors, and the price of each sku; raises PriceMissing, AmountOverflow."""
    quantities: dict[str, int] = {}
    for line in asked:
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
    found = {sku: price_of(articles[sku], quantity, buyer, market) for sku, quantity in quantities.items()}
    prices = {sku: price for sku, price in found.items() if price is not None}
    _refuse(PriceMissing, [n for n, line in enumerate(asked) if line.sku not in prices], "no price of it")
    large = [n for n, line in enumerate(asked) if _largest(prices[line.sku]) * line.quantity > MAX_AMOUNT]
    _refuse(AmountOverflow, large, f"more than {MAX_AMOUNT}")
    return [_priced(line, articles[line.sku], prices[line.sku], market) for line in asked], prices


def _largest(price: Price) -> int:
    return max(price.unit_price, price.list_price)


def _refuse(error: type[PriceMissing | AmountOverflow], places: Sequence[int], detail: str) -> None:
    if places:
        raise error(errors=[FieldError(f"/lines/{n}/sku", error.code, detail) for n in places[:100]])


def _priced(line: AskedLine, article: Article, price: Price, market: Market) -> PricedLine:
    floor, approved = 0, market.approved.get(line.sku)
    if article.cost_base is not None:
        markup = market.min_markups.get(price.entry.book, 0)
        floor = line_floor(article.cost_base, line.quantity, markup, market.rates[market.currency])
    return PricedLine(
        sku=line.sku,
        product_line=article.product_line,
        quantity=line.quantity,
        unit_price=price.unit_price,
        list_price=price.list_price,
        floor=floor,
        manual=line.manual,
        approved=None if approved is None else approved * line.quantity,
    )
