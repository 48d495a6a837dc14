"""Which entry applies, and which may stand beside each other: whatever their order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.channels.price_books.enums import PriceMethod
from services.channels.price_books.pricing import Basis, Break, Method, unit_price
from services.channels.price_books.rules import (
    Buyer,
    Entry,
    Priced,
    Selector,
    Window,
    cell_of,
    choose,
    covers,
    faults_of_breaks,
    faults_of_shape,
    matches,
    overlaps,
)

DAY = date(2026, 6, 1)
IDS = [UUID(int=number) for number in range(3)]


def entry(code: str, price: int = 100, *, sku: str | None = "CD-ROCK", start: date = DAY, **who: Any) -> Entry:
    method = Method(PriceMethod.FIXED, "USD", breaks=(Break(1, price),))
    line = None if sku else "rock"
    return Entry(code, "LIST", sku, line, Selector(**who), method, start)


def price_of(one: Entry) -> int | None:
    return unit_price(one.method, 1, Basis("USD", {"USD": Fraction(1)}))


def chosen(entries: Sequence[Entry], **buyer: Any) -> str | None:
    found = choose(entries, Buyer(**{"day": DAY, **buyer}), "CD-ROCK", "rock", price_of)
    return found and found.entry.code


BUYER: dict[str, Any] = {
    "account_id": IDS[0],
    "partner_id": IDS[1],
    "tier": "gold",
    "segment_ids": frozenset(IDS),
    "grade": "A",
    "channel_id": IDS[2],
    "region": "CN-SH-PD",
}
BY_WEIGHT = [
    entry("account", account_id=IDS[0]),
    entry(
        "partner", partner_id=IDS[1], tier="gold", segment_id=IDS[1], grade="A", channel_id=IDS[2], region="CN-SH-PD"
    ),
    entry("tier", tier="gold"),
    entry("segment", segment_id=IDS[2]),
    entry("grade", grade="A"),
    entry("channel", channel_id=IDS[2]),
    entry("district", region="CN-SH-PD", sku=None),
    entry("city", region="CN-SH", sku=None),
    entry("country", region="CN"),
    entry("sku"),
    entry("line", sku=None),
]


def test_the_most_specific_entry_applies() -> None:
    for number, one in enumerate(BY_WEIGHT):
        assert chosen(BY_WEIGHT[number:][::-1], **BUYER) == one.code


def test_of_equals_the_later_then_the_cheaper_then_the_smaller_code() -> None:
    old, new = entry("a", 90, start=DAY - timedelta(days=1)), entry("z", 100)
    cheap, twin = entry("y", 99), entry("x", 99)
    assert chosen([old, new]) == "z"
    assert chosen([old, new, cheap]) == "y"
    assert chosen([old, new, cheap, twin]) == "x"


def test_a_price_that_is_not_valid_never_wins_for_being_newer() -> None:
    coming = entry("coming", start=DAY + timedelta(days=1))
    gone = Entry(
        "gone", "LIST", "CD-ROCK", None, Selector(), coming.method, DAY - timedelta(days=9), DAY - timedelta(days=1)
    )
    today = Entry("today", "LIST", "CD-ROCK", None, Selector(), coming.method, DAY - timedelta(days=9), DAY)
    assert chosen([coming, gone, today]) == "today"
    assert chosen([coming, gone]) is None


def test_what_is_not_known_of_a_buyer_matches_nothing_that_names_it() -> None:
    assert chosen(BY_WEIGHT) == "sku"
    assert chosen([one for one in BY_WEIGHT if one.selector != Selector()]) is None


def test_an_entry_that_does_not_apply_leaves_it_to_the_next() -> None:
    euro = Entry("euro", "EU", "CD-ROCK", None, Selector(account_id=IDS[0]), Method(PriceMethod.FIXED, "EUR"), DAY)
    assert chosen([euro, entry("sku")], **BUYER) == "sku"


@pytest.mark.parametrize(
    ("wide", "region", "wanted"),
    [("CN", "CN-SH", True), ("CN", "CN", True), ("CN-S", "CN-SH", False), ("CN-SH", "CN", False), ("CN", None, False)],
)
def test_a_region_covers_those_below_it(wide: str, region: str | None, wanted: bool) -> None:
    assert covers(wide, region) is wanted


selectors = st.builds(
    Selector,
    account_id=st.sampled_from([None, None, IDS[0], IDS[2]]),
    partner_id=st.sampled_from([None, IDS[1]]),
    tier=st.sampled_from([None, "gold", "silver"]),
    segment_id=st.sampled_from([None, *IDS]),
    grade=st.sampled_from([None, "A"]),
    channel_id=st.none(),
    region=st.sampled_from([None, "CN", "CN-SH", "CN-S"]),
)
random_entries = st.lists(
    st.builds(
        lambda code, price, back, who, product: Entry(
            code,
            "LIST",
            product[0],
            product[1],
            who,
            Method(PriceMethod.FIXED, "USD", breaks=(Break(1, price),)),
            DAY - timedelta(days=back),
        ),
        st.text("ab", min_size=1, max_size=4),
        st.integers(98, 100),
        st.integers(-1, 1),
        selectors,
        st.sampled_from([("CD-ROCK", None), (None, "rock"), ("CD-JAZZ", None)]),
    ),
    max_size=12,
    unique_by=lambda one: one.code,
)


def naive(entries: Sequence[Entry], buyer: Buyer) -> Entry | None:
    """One criterion after the other, each leaving the best of it."""
    left = [one for one in entries if matches(one, buyer, "CD-ROCK", "rock")]

    def worth(one: Entry, criterion: str) -> int:
        if criterion == "region":
            return len(one.selector.region.split("-")) if one.selector.region else 0
        if criterion == "price":
            return -(price_of(one) or 0)
        by_entry = {"sku": int(one.sku is not None), "start": one.start.toordinal()}
        return by_entry.get(criterion, int(getattr(one.selector, criterion, None) is not None))

    names = ("account_id", "partner_id", "tier", "segment_id", "grade", "channel_id", "region", "sku", "start", "price")
    for criterion in names:
        best = max((worth(one, criterion) for one in left), default=0)
        left = [one for one in left if worth(one, criterion) == best]
    return min(left, key=lambda one: one.code, default=None)


@given(random_entries, st.randoms())
def test_a_naive_choice_agrees_whatever_the_order(entries: list[Entry], rng: Random) -> None:
    buyer = Buyer(**{"day": DAY, **BUYER})
    found = choose(entries, buyer, "CD-ROCK", "rock", price_of)
    rng.shuffle(entries)
    assert choose(entries, buyer, "CD-ROCK", "rock", price_of) == found
    wanted = naive(entries, buyer)
    assert found == (wanted and Priced(wanted, price_of(wanted) or 0))


# what may be published together


def window(name: str, start: int, end: int | None, cell: str = "x") -> Window:
    return Window(cell, name, DAY + timedelta(days=start), None if end is None else DAY + timedelta(days=end))


@pytest.mark.parametrize(
    ("first", "second", "is_overlap"),
    [
        (window("a", 0, 5), window("b", 5, 9), True),
        (window("a", 0, 5), window("b", 6, 9), False),
        (window("a", 0, None), window("b", 6, 9), True),
        (window("a", 0, None), window("b", 0, None, "y"), False),
        (window("a", 5, 4), window("b", 0, None), False),
    ],
)
def test_one_shared_day_is_an_overlap(first: Window, second: Window, is_overlap: bool) -> None:
    for windows in ([first, second], [second, first]):
        assert bool(overlaps(windows)) is is_overlap


@given(
    st.lists(
        st.builds(
            window, st.text("ab", min_size=1), st.integers(0, 9), st.none() | st.integers(0, 12), st.sampled_from("xy")
        ),
        max_size=7,
        unique_by=lambda one: one.name,
    ),
    st.randoms(),
)
def test_an_overlap_is_found_whenever_there_is_one(windows: list[Window], rng: Random) -> None:
    def share(one: Window, other: Window) -> bool:
        first, last = max(one.start, other.start), min(one.end or date.max, other.end or date.max)
        return one.cell == other.cell and first <= last

    found = overlaps(windows)
    rng.shuffle(windows)
    assert overlaps(windows) == found
    assert bool(found) is any(share(one, other) for one, other in combinations(windows, 2))
    assert all(share(one, other) for one, other in found)


@pytest.mark.parametrize(
    ("breaks", "wanted"),
    [
        ([], ["break-gap"]),
        ([Break(1, 500)], []),
        ([Break(100, 450), Break(1, 500)], []),
        ([Break(1, 500), Break(10, 500)], []),
        ([Break(2, 500)], ["break-gap"]),
        ([Break(1, 500), Break(10, 501)], ["break-price-rises"]),
        ([Break(10, 501), Break(2, 500)], ["break-gap", "break-price-rises"]),
    ],
)
def test_breaks_begin_at_one_and_never_rise(breaks: list[Break], wanted: list[str]) -> None:
    assert faults_of_breaks(breaks) == wanted


@pytest.mark.parametrize(
    ("method", "given_names", "who", "pointers"),
    [
        (PriceMethod.FIXED, {"breaks"}, Selector(), []),
        (PriceMethod.FIXED, {"markup"}, Selector(), ["/e/breaks", "/e/markup"]),
        (PriceMethod.MARKET, {"position", "min_sources"}, Selector(), []),
        (PriceMethod.COST_PLUS, {"markup", "min_sources"}, Selector(), ["/e/min_sources"]),
        (PriceMethod.DIFFERENTIATED, {"adjustment"}, Selector(region="CN"), []),
        (PriceMethod.DIFFERENTIATED, {"adjustment"}, Selector(), ["/e/selector"]),
    ],
)
def test_a_method_has_its_parameters_and_no_others(
    method: PriceMethod, given_names: set[str], who: Selector, pointers: list[str]
) -> None:
    assert [fault.pointer for fault in faults_of_shape(method, given_names, who, "/e")] == pointers


def test_cells_differ_where_product_or_selector_does() -> None:
    cells = {cell_of(one.sku, one.product_line, one.selector) for one in BY_WEIGHT}
    assert len(cells) == len(BY_WEIGHT)
    assert cell_of("rock", None, Selector()) != cell_of(None, "rock", Selector())
