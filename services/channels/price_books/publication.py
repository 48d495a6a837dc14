"""What a price book must be to count: no two entries for the same, no gap, no rise, no price under the floor."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction

from kit.errors import Conflict, FieldError, Invalid
from kit.work import Work
from services.channels.price_books import repository
from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.models import PriceBook, PriceEntry
from services.channels.price_books.pricing import Break, is_below_floor, minor_rate
from services.channels.price_books.rules import Window, faults_of_breaks, overlaps
from services.channels.products import service as products
from services.channels.products.rules import DatedCost, highest_cost
from services.channels.sales import service as sales

SHOWN = 100
"""Faults that an answer names."""


class PriceOverlap(Invalid):
    code, title = "price-overlap", "Two entries are for the same product, selector and currency on the same day"


class BreakGap(Invalid):
    code, title = "break-gap", "Prices begin above one piece"


class BreakPriceRises(Invalid):
    code, title = "break-price-rises", "More pieces cost more each"


class BelowFloor(Invalid):
    code, title = "below-floor", "Prices lie under the floor"


class ExchangeRateMissing(Conflict):
    code, title, retryable = "exchange-rate-missing", "No exchange rate of the currency is known for today", True


async def check_publication(work: Work, book: PriceBook, entries: Sequence[PriceEntry]) -> None:
    """Under the lock of all books; `entries` by code. Raises PriceOverlap, BreakGap, BreakPriceRises, BelowFloor,
    ExchangeRateMissing; each names every entry at fault, by the place it has in the list."""
    others = await repository.others_in_its_cells(work.tx, book.id, book.code)
    _raise(PriceOverlap, entries, _overlapping(book, entries, others))
    for error in (BreakGap, BreakPriceRises):
        _raise(error, entries, _with_fault(entries, error.code))
    _raise(BelowFloor, entries, await _below_floor(work, book, entries))


def _raise(error: type[Invalid], entries: Sequence[PriceEntry], faults: Iterable[tuple[str, str]]) -> None:
    places = {entry.code: number for number, entry in enumerate(entries)}
    found = [FieldError(f"/entries/{places[code]}", error.code, f"{code}: {detail}") for code, detail in faults]
    if found:
        raise error(found[0].detail, errors=found[:SHOWN])


def _overlapping(book: PriceBook, entries: Sequence[PriceEntry], others: Sequence[Window]) -> Iterator[tuple[str, str]]:
    own = {f"{book.code} {entry.code}": entry for entry in entries}
    windows = [Window(entry.cell, name, *_validity(book, entry)) for name, entry in own.items()]
    for first, second in overlaps([*windows, *others]):
        mine, other = (second, first) if second.name in own else (first, second)
        if mine.name in own:
            yield own[mine.name].code, f"also for the same is {other.name}, from {max(first.start, second.start)} on"


def _validity(book: PriceBook, entry: PriceEntry) -> tuple[date, date | None]:
    start = max(book.valid_from, entry.valid_from) if entry.valid_from else book.valid_from
    return start, entry.valid_to


def _with_fault(entries: Sequence[PriceEntry], code: str) -> Iterator[tuple[str, str]]:
    for entry in entries:
        if entry.method is PriceMethod.FIXED and code in faults_of_breaks(_breaks(entry)):
            yield entry.code, "its breaks"


def _breaks(entry: PriceEntry) -> list[Break]:
    return [Break(one.min_quantity, one.unit_price) for one in entry.breaks]


async def _below_floor(work: Work, book: PriceBook, entries: Sequence[PriceEntry]) -> list[tuple[str, str]]:
    """Fixed prices against the highest full cost from today on, while the entry holds; markups against the least."""
    faults = [
        (entry.code, "its markup")
        for entry in entries
        if entry.method is PriceMethod.COST_PLUS and (entry.markup or 0) < book.min_markup
    ]
    fixed = [entry for entry in entries if entry.method is PriceMethod.FIXED]
    costs = await _costs_of(work, fixed)
    rate: Fraction | None = None
    for entry in fixed:
        start, end = _validity(book, entry)
        for sku, steps in costs.get(entry.sku or f"line {entry.product_line}", {}).items():
            cost = highest_cost(steps, max(start, work.today), end)
            if cost is None:
                continue
            rate = rate or await _to_base(work, book.currency)
            lowest = min(one.unit_price for one in entry.breaks)
            if is_below_floor(lowest, cost, book.min_markup, rate):
                faults.append((entry.code, f"{lowest} for {sku}"))
                break
    return sorted(faults)


async def _costs_of(work: Work, entries: Sequence[PriceEntry]) -> dict[str, dict[str, Sequence[DatedCost]]]:
    """Dated costs by sku, under each sku and each `line ...` that entries name."""
    found: dict[str, dict[str, Sequence[DatedCost]]] = {}
    skus = [entry.sku for entry in entries if entry.sku]
    lines = [entry.product_line for entry in entries if entry.product_line]
    for product in (await products.products_by_sku(work, skus)).values():
        found.setdefault(product.sku, {})[product.sku] = product.costs
    for product in await products.products_of_lines(work, lines):
        found.setdefault(f"line {product.product_line}", {})[product.sku] = product.costs
    return found


async def _to_base(work: Work, currency: str) -> Fraction:
    if currency == work.base_currency:
        return Fraction(1)
    rate = await sales.rate_on(work, currency, work.today)
    if rate is None:
        raise ExchangeRateMissing(errors=[FieldError("/currency", ExchangeRateMissing.code, f"none of {currency}")])
    return minor_rate(rate, currency, work.base_currency)
