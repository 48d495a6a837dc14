"""Floors of prices that no quote was made for: what an order under an enforced price policy must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.work import Work
from services.channels.competitor_prices import service as competitors
from services.channels.evaluator.prices import Article, Market, price_of
from services.channels.price_approvals import service as approvals
from services.channels.price_books import standings as prices
from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.pricing import line_floor, minor_rate
from services.channels.price_books.rules import Buyer
from services.channels.products import service as products
from services.channels.products.rules import cost_on
from services.channels.sales import service as sales
from services.channels.tier_evaluations import standings as tiers
from services.channels.traits import service as traits


class SoldLine(NamedTuple):
    """A line as it is sold: its net in the order's currency."""

    line_no: int
    sku: str
    quantity: int
    net: int


class Sold(NamedTuple):
    """Who is sold what on which day; `exchange_rate` is base units per unit, `placed_by` who asks."""

    account_id: UUID
    partner_id: UUID | None
    channel_id: UUID | None
    currency: str
    exchange_rate: str
    day: date
    placed_by: str | None
    lines: Sequence[SoldLine]


async def line_below_floor(work: Work, sold: Sold) -> int | None:
    """The first line whose net is under its floor and that no standing approval of somebody else covers. Products
    without a known cost have no floor; the least markup is that of the book that their price would come from. Where
    they have no price (another currency, another buyer) it is the highest of any book: no way around leads there."""
    named = await products.products_by_sku(work, sorted({line.sku for line in sold.lines}))
    costs = {sku: cost_on(one.costs, sold.day) for sku, one in named.items()}
    known = {sku: cost for sku, cost in costs.items() if cost is not None}
    if not known:
        return None
    buyer = await buyer_of(work, sold)
    markups = await _markups(work, sold, buyer, {sku: named[sku].product_line for sku in known}, known)
    rate = minor_rate(sold.exchange_rate, sold.currency, work.base_currency)
    short = [
        line
        for line in sold.lines
        if line.sku in known and line.net < line_floor(known[line.sku], line.quantity, markups[line.sku], rate)
    ]
    if not short:
        return None
    skus = sorted({line.sku for line in short})
    approved = await approvals.approvals_of(
        work, skus, sold.currency, sold.day, buyer.also, sold.partner_id, but_by=sold.placed_by or ""
    )
    for line in sorted(short, key=lambda line: line.line_no):
        approval = approved.get(line.sku)
        if approval is None or line.net < approval.min_unit_net * line.quantity:
            return line.line_no
    return None


async def markups_of(work: Work, sold: Sold, buyer: Buyer, costs: Mapping[str, int]) -> dict[str, int]:
    """The least markup of each product that is known, by the book that its price would come from."""
    named = await products.products_by_sku(work, sorted(costs))
    lines = {sku: one.product_line for sku, one in named.items()}
    return await _markups(work, sold, buyer, lines, {sku: costs[sku] for sku in lines})


async def buyer_of(work: Work, sold: Sold) -> Buyer:
    """Who is sold to, as far as prices care."""
    account = await sales.find_account(work, sold.account_id)
    known = await traits.traits_of(work, sold.account_id)
    return Buyer(
        sold.day,
        account_id=sold.account_id,
        partner_id=sold.partner_id,
        tier=(await tiers.tier_on(work, sold.partner_id, sold.day)).level,
        channel_id=sold.channel_id,
        region=account.region if account else None,
        grade=known.grade,
        segment_ids=known.segment_ids,
        also=known.also,
    )


async def _markups(
    work: Work, sold: Sold, buyer: Buyer, lines: dict[str, str], costs: dict[str, int]
) -> dict[str, int]:
    standing = await prices.standing_entries(work, sorted(lines), sorted({*lines.values()}), buyer)
    entries = {sku: standing.of(sku, product_line) for sku, product_line in lines.items()}
    compared = sorted(
        sku for sku, found in entries.items() if any(e.method.method is PriceMethod.MARKET for e in found)
    )
    offers = await competitors.offers_on(work, compared, sold.day)
    currencies = {sold.currency, *(offer.currency for found in offers.values() for offer in found)}
    texts = {**await sales.rates_on(work, sorted(currencies), sold.day), sold.currency: sold.exchange_rate}
    rates = {code: minor_rate(text, code, work.base_currency) for code, text in texts.items()}
    market = Market(sold.currency, rates, standing.min_markups)
    quantities: dict[str, int] = {}
    for line in sold.lines:
        quantities[line.sku] = quantities.get(line.sku, 0) + line.quantity
    markups: dict[str, int] = {}
    unpriced: set[str] = set()
    for sku, product_line in lines.items():
        article = Article(sku, product_line, costs[sku], entries[sku], offers.get(sku, ()))
        price = price_of(article, quantities[sku], buyer, market)
        if price is None:
            unpriced.add(sku)
        else:
            markups[sku] = standing.min_markups.get(price.entry.book, 0)
    if unpriced:
        markups |= dict.fromkeys(unpriced, await prices.highest_markup(work))
    return markups
