"""Pure rules of price books: which entry applies, which may be published together. No order of entries matters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from kit.errors import FieldError
from kit.transitions import Move, Moves
from services.channels.price_books.enums import BookState, PriceMethod
from services.channels.price_books.pricing import Break, Method

MOVES: Moves[BookState] = {
    "change": Move((BookState.DRAFT,), BookState.DRAFT),
    "replace": Move((BookState.DRAFT,), BookState.DRAFT),
    "publish": Move((BookState.DRAFT,), BookState.PUBLISHED),
}
PARAMETERS = {
    PriceMethod.FIXED: "breaks",
    PriceMethod.COST_PLUS: "markup",
    PriceMethod.MARKET: "position",
    PriceMethod.DIFFERENTIATED: "adjustment",
}
"""What an entry of each method must have, and no other may."""


@dataclass(frozen=True, slots=True)
class Selector:
    """For whom an entry is: what it names must be so, what it leaves out may be anything."""

    account_id: UUID | None = None
    partner_id: UUID | None = None
    tier: str | None = None
    segment_id: UUID | None = None
    grade: str | None = None
    channel_id: UUID | None = None
    region: str | None = None

    def values(self) -> tuple[UUID | str | None, ...]:
        """In the order of weight."""
        return (
            self.account_id,
            self.partner_id,
            self.tier,
            self.segment_id,
            self.grade,
            self.channel_id,
            self.region,
        )


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, as far as prices care; what is not known matches no entry that names it."""

    day: date
    account_id: UUID | None = None
    partner_id: UUID | None = None
    tier: str | None = None
    segment_ids: frozenset[UUID] = frozenset()
    grade: str | None = None
    channel_id: UUID | None = None
    region: str | None = None
    also: frozenset[UUID] = frozenset()
    """Accounts that are one with it by merges."""

    def is_one_of(self, account_ids: Collection[UUID]) -> bool:
        """Whether the account, or one that is one with it, is among these."""
        return self.account_id in account_ids or not self.also.isdisjoint(account_ids)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry in force from `start` to `end` (None: open)."""

    code: str
    book: str
    sku: str | None
    product_line: str | None
    selector: Selector
    method: Method
    start: date
    end: date | None = None
    final: bool = False


class Priced(NamedTuple):
    """The entry that applies and what a unit costs by it."""

    entry: Entry
    unit_price: int


class Window(NamedTuple):
    """When an entry holds for its cell: product, selector and currency."""

    cell: str
    name: str
    start: date
    end: date | None


def covers(wide: str, region: str | None) -> bool:
    """Whether a region code is another's or one above it: CN covers CN-SH, CN-S does not."""
    return region is not None and (region == wide or region.startswith(f"{wide}-"))


def matches(entry: Entry, buyer: Buyer, sku: str, product_line: str) -> bool:
    """Whether an entry holds for a buyer's product on the day."""
    who = entry.selector
    return (
        (entry.sku == sku if entry.sku is not None else entry.product_line == product_line)
        and entry.start <= buyer.day
        and (entry.end is None or buyer.day <= entry.end)
        and (who.account_id is None or buyer.is_one_of((who.account_id,)))
        and who.partner_id in (None, buyer.partner_id)
        and who.tier in (None, buyer.tier)
        and (who.segment_id is None or who.segment_id in buyer.segment_ids)
        and who.grade in (None, buyer.grade)
        and who.channel_id in (None, buyer.channel_id)
        and (who.region is None or covers(who.region, buyer.region))
    )


def specificity(entry: Entry) -> tuple[int, ...]:
    """Larger is more specific: account, partner, tier, segment, grade, channel, depth of region, sku over line."""
    *named, region = entry.selector.values()
    depth = 0 if region is None else str(region).count("-") + 1
    return (*(int(value is not None) for value in named), depth, int(entry.sku is not None))


def choose(
    entries: Iterable[Entry],
    buyer: Buyer,
    sku: str,
    product_line: str,
    price_of: Callable[[Entry], int | None],
) -> Priced | None:
    """The most specific entry that applies; of equals the later one, the cheaper one, the smaller code.

    `price_of` gives the unit price of an entry, None when it does not apply after all.
    """
    found = [
        Priced(entry, price)
        for entry in entries
        if matches(entry, buyer, sku, product_line) and (price := price_of(entry)) is not None
    ]
    return min(found, key=_rank, default=None)


def _rank(priced: Priced) -> tuple[tuple[int, ...], int, int, str, str]:
    entry = priced.entry
    weight = tuple(-value for value in specificity(entry))
    return weight, -entry.start.toordinal(), priced.unit_price, entry.code, entry.book


def cell_of(sku: str | None, product_line: str | None, selector: Selector) -> str:
    """Product and selector as one text: entries of one cell are for exactly the same."""
    product = f"sku {sku}" if sku is not None else f"line {product_line}"
    return " ".join([product, *("-" if value is None else str(value) for value in selector.values())])


def overlaps(windows: Iterable[Window]) -> list[tuple[Window, Window]]:
    """Neighbouring windows of a cell that share a day (validity is inclusive at both ends)."""
    found = []
    lasting = [one for one in windows if one.end is None or one.start <= one.end]
    for first, second in pairwise(sorted(lasting, key=lambda w: (w.cell, w.start, w.name))):
        if first.cell == second.cell and (first.end is None or second.start <= first.end):
            found.append((first, second))
    return found


def faults_of_breaks(breaks: Sequence[Break]) -> list[str]:
    """`break-gap`: units before the first break have no price; `break-price-rises`: more units cost more each."""
    ordered = sorted(breaks)
    gap = ["break-gap"] if not ordered or ordered[0].min_quantity > 1 else []
    rises = any(after.unit_price > before.unit_price for before, after in pairwise(ordered))
    return gap + (["break-price-rises"] if rises else [])


def faults_of_shape(method: PriceMethod, given: set[str], selector: Selector, at: str) -> list[FieldError]:
    """Parameters that the method needs or does not take, and the list price that would be made from itself."""
    needed, allowed = PARAMETERS[method], {PARAMETERS[method]}
    if method is PriceMethod.MARKET:
        allowed.add("min_sources")
    faults = [] if needed in given else [FieldError(f"{at}/{needed}", "missing", f"{method} needs {needed}")]
    faults += [FieldError(f"{at}/{name}", "not-taken", f"{method} has no {name}") for name in sorted(given - allowed)]
    if method is PriceMethod.DIFFERENTIATED and selector == Selector():
        faults.append(
            FieldError(f"{at}/selector", "missing", "the list price itself cannot be made from the list price")
        )
    return faults
