"""Returns in any pieces sum to the line, never under it or past it."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import given, reject
from hypothesis import strategies as st

from services.customer.orders.rules import AmountVanishes, LineInput, price_order
from services.customer.returns.rules import AMOUNTS, return_lines

DAY = date(2026, 2, 14)

lines = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 5_000), st.integers(0, 300_000)), min_size=1, max_size=4)


def _order(rows: list[tuple[int, int, int]], rate: str) -> dict[str, Any]:
    inputs = [LineInput(n, quantity, price, 0, tax) for n, (quantity, price, tax) in enumerate(rows, 1)]
    priced = price_order(inputs, "CNY", rate, "USD")
    return {
        "state": "confirmed",
        "order_date": DAY,
        "totals": {name: getattr(priced.total, name) for name in AMOUNTS},
        "lines": [
            {
                "line_no": item.number,
                "sku": "A",
                "product_line": None,
                "quantity": item.quantity,
                "returned": 0,
                **{name: getattr(amounts, name) for name in AMOUNTS},
            }
            for item, amounts in zip(inputs, priced.lines, strict=True)
        ],
    }


@given(rows=lines, rate=st.sampled_from(["0.137", "0.1", "3.333333", "12"]), data=st.data())
def test_any_sequence_of_returns_telescopes(rows: list[tuple[int, int, int]], rate: str, data: st.DataObject) -> None:
    try:
        order = _order(rows, rate)
    except AmountVanishes:
        reject()
    left = {line["line_no"]: line["quantity"] for line in order["lines"]}
    sums = dict.fromkeys(AMOUNTS, 0)
    while left:
        number = data.draw(st.sampled_from(sorted(left)))
        quantity = data.draw(st.integers(1, left[number]))
        result = return_lines(order, [(number, quantity)], DAY)
        assert all(value <= 0 for value in result.totals.values())
        assert result.totals["gross"] == result.totals["net"] + result.totals["tax"]
        sums = {name: sums[name] + result.totals[name] for name in AMOUNTS}
        order["lines"] = result.lines
        left[number] -= quantity
        left = {number: rest for number, rest in left.items() if rest}
    assert sums == {name: -value for name, value in order["totals"].items()}
