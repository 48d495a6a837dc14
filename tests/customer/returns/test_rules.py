"""Laws of what returns give back: rounded once for the order, never more of a line than it has, and in the end all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from kit.ids import derived_id
from services.customer.orders.enums import OrderState
from services.customer.orders.rules import AMOUNTS, Amounts, AmountVanishes, LineInput, price_order
from services.customer.returns.rules import SPREAD, ReturnedLine, give_back, return_lines, totals

DAY = date(2026, 2, 14)
ORDER = derived_id("order", 1)

lines = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5_000), st.integers(0, 300_000)), min_size=1, max_size=6)
rates = st.sampled_from(["0.137", "0.1", "3.333333", "12", "0.005"])


@dataclass
class Line:
    line_no: int
    quantity: int
    returned: int
    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int
    sku: str = "A"
    product_line: str | None = None


@dataclass
class Back:
    line_no: int
    net: int = 0
    tax: int = 0
    net_base: int = 0
    tax_base: int = 0


@dataclass
class World:
    """An order, and what was given back of it."""

    lines: list[Line]
    total: Amounts
    back: dict[int, Back]
    order: UUID = ORDER

    def give(self, pieces: Mapping[int, int]) -> list[ReturnedLine]:
        found = return_lines(OrderState.CONFIRMED, DAY, self.lines, list(pieces.items()), DAY)
        returned = give_back(self.order, self.lines, list(self.back.values()), found)
        for line in returned:
            back = self.back.setdefault(line.line_no, Back(line.line_no))
            sums = {name: getattr(back, name) - getattr(line, name) for name in SPREAD}
            self.back[line.line_no] = replace(back, **sums)
        now = {line.line_no: line.returned_after for line in returned}
        self.lines = [replace(line, returned=now.get(line.line_no, line.returned)) for line in self.lines]
        return returned

    def sums(self) -> dict[str, int]:
        return {name: sum(getattr(back, name) for back in self.back.values()) for name in SPREAD}

    def exact(self, name: str) -> Fraction:
        return sum((Fraction(getattr(one, name) * one.returned, one.quantity) for one in self.lines), Fraction())


def made(rows: Sequence[tuple[int, int, int]], rate: str, order: UUID = ORDER) -> World:
    inputs = [LineInput(n, quantity, price, 0, tax) for n, (quantity, price, tax) in enumerate(rows, 1)]
    priced = price_order(inputs, "CNY", rate, "USD", order)
    found = [
        Line(item.number, item.quantity, 0, **amounts.named())
        for item, amounts in zip(inputs, priced.lines, strict=True)
    ]
    return World(found, priced.total, {}, order)


def drawn(rows: Sequence[tuple[int, int, int]], rate: str) -> World:
    try:
        return made(rows, rate)
    except AmountVanishes:
        reject()


def some_pieces(data: st.DataObject, world: World) -> dict[int, int]:
    left = {line.line_no: line.quantity - line.returned for line in world.lines if line.returned < line.quantity}
    named = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1))
    return {number: data.draw(st.integers(1, left[number])) for number in sorted(named)}


def is_back(world: World) -> bool:
    return all(line.returned == line.quantity for line in world.lines)


@given(rows=lines, rate=rates, data=st.data())
def test_any_returns_are_rounded_once_for_the_order(
    rows: list[tuple[int, int, int]], rate: str, data: st.DataObject
) -> None:
    world = drawn(rows, rate)
    sums = dict.fromkeys(AMOUNTS, 0)
    while not is_back(world):
        stood = dict(world.back)
        returned = world.give(some_pieces(data, world))
        amounts = totals(returned)
        sums = {name: sums[name] + amounts[name] for name in AMOUNTS}
        assert {name: -sums[name] for name in SPREAD} == {name: round(world.exact(name)) for name in SPREAD}
        assert (sums["gross"], sums["gross_base"]) == (sums["net"] + sums["tax"], sums["net_base"] + sums["tax_base"])
        for line in returned:
            before, after = stood.get(line.line_no, Back(line.line_no)), world.back[line.line_no]
            whole = world.lines[line.line_no - 1]
            assert all(getattr(before, x) <= getattr(after, x) <= getattr(whole, x) for x in SPREAD)
            assert (line.returned_net_base_before, line.returned_net_base_after) == (before.net_base, after.net_base)
            assert line.returned_after - line.returned_before == line.quantity
    assert sums == {name: -value for name, value in world.total.named().items()}
    assert [replace(world.back[one.line_no]) for one in world.lines] == [
        Back(one.line_no, one.net, one.tax, one.net_base, one.tax_base) for one in world.lines
    ]


@given(rows=lines, rate=rates, data=st.data())
def test_what_was_rounded_per_line_before_is_gone_on_from(
    rows: list[tuple[int, int, int]], rate: str, data: st.DataObject
) -> None:
    """Returns of earlier releases gave back the rounded amount of each line."""
    world = drawn(rows, rate)
    for number, line in enumerate(world.lines):
        if returned := data.draw(st.integers(0, line.quantity)):
            rounded = {name: round(Fraction(getattr(line, name) * returned, line.quantity)) for name in SPREAD}
            world.back[line.line_no] = Back(line.line_no, **rounded)
            world.lines[number] = replace(line, returned=returned)
    while not is_back(world):
        stood = world.sums()
        now = world.give(some_pieces(data, world))
        assert all(max(getattr(line, name) for name in AMOUNTS) <= 0 for line in now)
        assert world.sums() == {name: max(stood[name], round(world.exact(name))) for name in SPREAD}
    assert world.sums() == {name: getattr(world.total, name) for name in SPREAD}


@given(rows=lines, rate=rates, data=st.data())
def test_one_return_is_as_near_to_each_line_as_it_can_be(
    rows: list[tuple[int, int, int]], rate: str, data: st.DataObject
) -> None:
    world = drawn(rows, rate)
    world.give(some_pieces(data, world))
    for line in world.lines:
        for name in SPREAD:
            exact = Fraction(getattr(line, name) * line.returned, line.quantity)
            assert abs(getattr(world.back.get(line.line_no, Back(0)), name) - exact) < 1


def test_a_cent_of_tax_on_each_of_many_lines() -> None:
    """Of one of two pieces of 40 lines with 1 of tax each, 20 come back; the rest brings the other 20."""
    world = made([(2, 5, 100_000)] * 40, "0.137")
    assert {line.tax for line in world.lines} == {1}
    first = world.give({line.line_no: 1 for line in world.lines})
    assert totals(first)["tax"] == -20
    assert totals(world.give({line.line_no: 1 for line in world.lines}))["tax"] == -20


def test_a_line_gives_its_odd_cent_when_another_comes_back() -> None:
    """Half a cent of the first alone is none; with the half of the second it is one, whoever of them gives it."""
    givers: Counter[int] = Counter()
    for number in range(200):
        world = made([(2, 5, 100_000)] * 2, "0.137", derived_id("order", number))
        assert totals(world.give({1: 1}))["tax"] == 0
        second = world.give({2: 1})
        assert totals(second)["tax"] == -1
        assert {line.quantity for line in second if line.line_no == 1} <= {0}
        givers.update(line.line_no for line in second if line.tax)
    assert min(givers[1], givers[2]) > 60, "no place among the lines is better than another"


@pytest.mark.parametrize(
    ("rows", "rate", "gross_base", "returned_base"),
    [
        ([(2, 1250, 0)] * 40, "1.0835", 108350, 54175),
        ([(2, 100, 0)] * 200, "0.005", 200, 100),
        ([(2, 4999, 190_000)], "1.0835", 12891, 6445),
    ],
    ids=["40 lines of 2 x 1250 in EUR", "200 small lines in SEK", "one line with tax"],
)
def test_half_of_every_line_is_half_of_the_order(
    rows: list[tuple[int, int, int]], rate: str, gross_base: int, returned_base: int
) -> None:
    world = made(rows, rate)
    assert world.total.gross_base == gross_base
    returned = totals(world.give({line.line_no: 1 for line in world.lines}))
    assert abs(-returned["gross_base"] - returned_base) <= 1, "net and tax are rounded each"
    if not world.total.tax:
        assert -returned["gross_base"] == returned_base
