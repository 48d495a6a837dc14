"""Returns in any pieces sum to the line, never under it or past it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from hypothesis import given, reject
from hypothesis import strategies as st

from services.customer.orders.enums import OrderState
from services.customer.orders.rules import AMOUNTS, Amounts, AmountVanishes, LineInput, price_order
from services.customer.returns.rules import return_lines, totals

DAY = date(2026, 2, 14)

lines = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5_000), st.integers(0, 300_000)), min_size=1, max_size=4)


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


def _order(rows: list[tuple[int, int, int]], rate: str) -> tuple[list[Line], Amounts]:
    inputs = [LineInput(n, quantity, price, 0, tax) for n, (quantity, price, tax) in enumerate(rows, 1)]
    priced = price_order(inputs, "CNY", rate, "USD")
    found = [
        Line(item.number, item.quantity, 0, **amounts.named())
        for item, amounts in zip(inputs, priced.lines, strict=True)
    ]
    return found, priced.total


@given(rows=lines, rate=st.sampled_from(["0.137", "0.1", "3.333333", "12"]), data=st.data())
def test_any_sequence_of_returns_telescopes(rows: list[tuple[int, int, int]], rate: str, data: st.DataObject) -> None:
    try:
        order, total = _order(rows, rate)
    except AmountVanishes:
        reject()
    left = {line.line_no: line.quantity for line in order}
    sums = dict.fromkeys(AMOUNTS, 0)
    while left:
        number = data.draw(st.sampled_from(sorted(left)))
        quantity = data.draw(st.integers(1, left[number]))
        (returned,) = return_lines(OrderState.CONFIRMED, DAY, order, [(number, quantity)], DAY)
        amounts = totals([returned])
        assert all(value <= 0 for value in amounts.values())
        assert amounts["gross"] == amounts["net"] + amounts["tax"]
        sums = {name: sums[name] + amounts[name] for name in AMOUNTS}
        order = [replace(line, returned=returned.returned_after) if line.line_no == number else line for line in order]
        left[number] -= quantity
        left = {number: rest for number, rest in left.items() if rest}
    assert sums == {name: -value for name, value in total.named().items()}
