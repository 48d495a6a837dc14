"""Pure arithmetic of prices: exact until the end, rounded once (half-even).

Amounts are minor units; `Rates` has base minor units per minor unit of a currency, the base currency's own being 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from kit.money import SHARE_WHOLE, exponent, ratio
from services.channels.price_books.enums import PriceMethod

Rates = Mapping[str, Fraction]
MARKET_DAYS = 90
"""How old what a competitor asked may be."""


class Break(NamedTuple):
    """The price of every unit from a quantity on."""

    min_quantity: int
    unit_price: int


class Offer(NamedTuple):
    """What a competitor asked on a day."""

    competitor: str
    price: int
    currency: str
    observed_on: date


@dataclass(frozen=True, slots=True)
class Method:
    """How an entry finds its price in `currency`; markup, position and adjustment in millionths."""

    method: PriceMethod
    currency: str
    breaks: tuple[Break, ...] = ()
    markup: int = 0
    position: int = 0
    min_sources: int = 1
    adjustment: int = 0
    round_to: int = 1
    ending: int = 0


@dataclass(frozen=True, slots=True)
class Basis:
    """What a price is found from: the currency asked for, full cost in base currency, one offer of each competitor,
    the list price in the currency asked for."""

    currency: str
    rates: Rates
    cost_base: int | None = None
    offers: tuple[Offer, ...] = field(default_factory=tuple)
    list_price: int | None = None


def minor_rate(rate: str, currency: str, base_currency: str) -> Fraction:
    """Base minor units per minor unit of `currency`; `rate` is base units per unit, as decimal text."""
    return Fraction(Decimal(rate)) * Fraction(10) ** (exponent(base_currency) - exponent(currency))


def unit_price(method: Method, quantity: int, basis: Basis) -> int | None:
    """The price of a unit at a quantity (of all lines of the product); None: the entry does not apply.

    A fixed price is never converted. A price in another currency than the entry's is not rounded to its steps.
    """
    if method.method is PriceMethod.FIXED:
        return price_at(method.breaks, quantity) if method.currency == basis.currency else None
    exact = _exact(method, basis)
    if exact is None:
        return None
    if method.currency != basis.currency:
        return finished(exact, 1, 0)
    return finished(exact, method.round_to, method.ending)


def _exact(method: Method, basis: Basis) -> Fraction | None:
    to_base = basis.rates[basis.currency]
    if method.method is PriceMethod.COST_PLUS:
        return None if basis.cost_base is None else _moved(basis.cost_base / to_base, method.markup)
    if method.method is PriceMethod.MARKET:
        if not basis.offers or len(basis.offers) < method.min_sources:
            return None
        asked = [offer.price * basis.rates[offer.currency] / to_base for offer in basis.offers]
        return _moved(median(asked), method.position)
    return None if basis.list_price is None else _moved(Fraction(basis.list_price), method.adjustment)


def _moved(amount: Fraction, share: int) -> Fraction:
    return amount * Fraction(SHARE_WHOLE + share, SHARE_WHOLE)


def price_at(breaks: Sequence[Break], quantity: int) -> int | None:
    """The price of the break that the quantity reaches, for all units; None below the first."""
    reached = [one for one in breaks if one.min_quantity <= quantity]
    return max(reached).unit_price if reached else None


def median(values: Iterable[Fraction]) -> Fraction:
    """The middle one, or the mean of the two in the middle."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def latest_offers(offers: Iterable[Offer], day: date) -> tuple[Offer, ...]:
    """The latest offer of each competitor that is not of a later day and at most 90 days old."""
    first, found = day - timedelta(days=MARKET_DAYS), dict[str, Offer]()
    for offer in offers:
        known = found.get(offer.competitor)
        if first <= offer.observed_on <= day and (known is None or known.observed_on < offer.observed_on):
            found[offer.competitor] = offer
    return tuple(found[name] for name in sorted(found))


def finished(exact: Fraction, round_to: int, ending: int) -> int:
    """An exact price as a multiple of `round_to` (half-even), with the ending added; never negative."""
    return max(0, round(exact / round_to) * round_to + ending)


def after_discount(price: int, agreement: int, tier: int, *, final: bool) -> int:
    """A unit price less the larger of two shares, not both; a final price takes none."""
    return price if final else ratio(price, SHARE_WHOLE - max(agreement, tier), SHARE_WHOLE)


def margin(net: int, cost: int) -> int | None:
    """(net - cost) / net in millionths: shown, never asked for; None of nothing."""
    return ratio(net - cost, SHARE_WHOLE, net) if net else None


def line_floor(cost_base: int, quantity: int, min_markup: int, to_base: Fraction) -> int:
    """The least net of a line: full cost and the least markup of all its pieces, converted and rounded up once."""
    whole = SHARE_WHOLE * to_base.numerator
    return -(-cost_base * quantity * (SHARE_WHOLE + min_markup) * to_base.denominator // whole)


def is_below_floor(price: int, cost_base: int, min_markup: int, to_base: Fraction) -> bool:
    """Whether a unit price breaks the floor at some quantity: exact, as the floor of many pieces is."""
    return price * to_base < _moved(Fraction(cost_base), min_markup)
