"""Which entries hold for whom on a day: what prices are found from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from kit.work import Work
from services.channels.price_books import repository
from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.pricing import Break, Method
from services.channels.price_books.repository import EntryInForce
from services.channels.price_books.rules import Buyer, Entry, Selector


@dataclass(frozen=True, slots=True)
class Standing:
    """Entries in force by sku and by product line, and the least markup on cost of each book (millionths)."""

    by_sku: Mapping[str, Sequence[Entry]]
    by_line: Mapping[str, Sequence[Entry]]
    min_markups: Mapping[str, int]

    def of(self, sku: str, product_line: str) -> tuple[Entry, ...]:
        """Entries that may be for a product."""
        return (*self.by_sku.get(sku, ()), *self.by_line.get(product_line, ()))


async def highest_markup(work: Work) -> int:
    """The highest of the least markups of published books."""
    return await repository.highest_markup(work.tx)


async def standing_entries(work: Work, skus: Sequence[str], lines: Sequence[str], buyer: Buyer) -> Standing:
    """Entries of published books for these products; one statement over the indexes of sku and line."""
    by_sku: dict[str, list[Entry]] = {}
    by_line: dict[str, list[Entry]] = {}
    markups: dict[str, int] = {}
    for row in await repository.list_in_force(work.tx, skus, lines, buyer):
        entry = _entry(row)
        markups[row.book] = row.min_markup
        if row.sku is not None:
            by_sku.setdefault(row.sku, []).append(entry)
        elif row.product_line is not None:
            by_line.setdefault(row.product_line, []).append(entry)
    return Standing(by_sku, by_line, markups)


def _entry(row: EntryInForce) -> Entry:
    who = (row.account_id, row.partner_id, row.tier, row.segment_id, row.grade, row.channel_id, row.region)
    method = Method(
        PriceMethod(row.method),
        row.currency,
        tuple(Break(one["min_quantity"], one["unit_price"]) for one in orjson.loads(row.breaks)),
        markup=row.markup or 0,
        position=row.position or 0,
        min_sources=row.min_sources or 1,
        adjustment=row.adjustment or 0,
        round_to=row.round_to,
        ending=row.ending,
    )
    return Entry(row.code, row.book, row.sku, row.product_line, Selector(*who), method, row.start, row.end, row.final)
