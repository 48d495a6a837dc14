"""Pure rules of returns: what comes back of an order, at the original price."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from kit.errors import Conflict, FieldError, Invalid, StateConflict
from services.customer.orders.enums import RETURNABLE, OrderState
from services.customer.orders.rules import AMOUNTS, Amounts, return_delta, returned_amounts


class ReturnExceedsOrdered(Conflict):
    """More pieces would come back than are left of a line."""

    code, title = "return-exceeds-ordered", "More is returned than was ordered"


class OrderedLine(Protocol):
    """A line of an order as far as returns know it."""

    line_no: int
    sku: str
    product_line: str | None
    quantity: int
    returned: int
    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """Pieces of a line that came back: pieces before and after, amounts of this return (negative), and the cumulative
    net in base currency before and after (positive)."""

    line_no: int
    sku: str
    product_line: str | None
    quantity: int
    returned_before: int
    returned_after: int
    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int
    returned_net_base_before: int
    returned_net_base_after: int


def return_lines(
    state: OrderState, order_date: date, lines: Sequence[OrderedLine], wanted: Sequence[tuple[int, int]], day: date
) -> list[ReturnedLine]:
    """Return (line number, pieces) of an order on a business day.

    Amounts telescope: after the last piece they sum to exactly the line's own (see `return_delta`).
    Raises StateConflict, ReturnExceedsOrdered; Invalid for unknown or repeated lines or an early day.
    """
    if state not in RETURNABLE:
        raise StateConflict("order", "return", state, RETURNABLE)
    if day < order_date:
        raise _invalid("/return_date", "early-date", f"the order is of {order_date}")
    left = {line.line_no: line for line in lines}
    returned = []
    for index, (line_no, quantity) in enumerate(wanted):
        line = left.pop(line_no, None)
        if line is None:
            raise _invalid(f"/lines/{index}/line_no", "unknown-line", f"line {line_no} is unknown or repeated")
        rest = line.quantity - line.returned
        if quantity > rest:
            error = FieldError(f"/lines/{index}/quantity", ReturnExceedsOrdered.code, f"{rest} left to return")
            raise ReturnExceedsOrdered(error.detail, errors=[error])
        returned.append(_returned_line(line, quantity))
    return returned


def totals(lines: Sequence[ReturnedLine]) -> dict[str, int]:
    """Amounts of a return by their names (negative)."""
    return {name: sum(getattr(line, name) for line in lines) for name in AMOUNTS}


def _returned_line(line: OrderedLine, quantity: int) -> ReturnedLine:
    original = Amounts(line.net, line.tax, line.gross, line.net_base, line.tax_base, line.gross_base)
    ordered, before, after = line.quantity, line.returned, line.returned + quantity
    return ReturnedLine(
        line_no=line.line_no,
        sku=line.sku,
        product_line=line.product_line,
        quantity=quantity,
        returned_before=before,
        returned_after=after,
        **(-return_delta(original, ordered, before, after)).named(),
        returned_net_base_before=returned_amounts(original, ordered, before).net_base,
        returned_net_base_after=returned_amounts(original, ordered, after).net_base,
    )


def _invalid(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldError(pointer, code, detail)])


def content_hash(content: Mapping[str, Any]) -> str:
    """Hash of what a row says, to see that it was sent before."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
