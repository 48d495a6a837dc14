"""Pure rules of returns: what comes back of an order, at the original price."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kit.errors import Conflict, FieldError, Invalid
from services.customer.orders.enums import RETURNABLE, OrderState
from services.customer.orders.rules import Amounts, OrderStateConflict, return_delta, returned_amounts

AMOUNTS = ("net", "tax", "gross", "net_base", "tax_base", "gross_base")


class ReturnExceedsOrdered(Conflict):
    """More pieces would come back than are left of a line."""

    code, title = "return-exceeds-ordered", "More is returned than was ordered"


@dataclass(frozen=True, slots=True)
class Returned:
    """What a return does: all lines of the order after it, those returned (as announced), the totals (negative)."""

    lines: list[dict[str, Any]]
    returned_lines: list[dict[str, Any]]
    totals: dict[str, int]


def return_lines(order: Mapping[str, Any], wanted: Sequence[tuple[int, int]], day: date) -> Returned:
    """Return (line number, pieces) of an order on a business day.

    Amounts telescope: after the last piece they sum to exactly the line's own (see `return_delta`).
    Raises OrderStateConflict, ReturnExceedsOrdered; Invalid for unknown or repeated lines or an early day.
    """
    if OrderState(order["state"]) not in RETURNABLE:
        raise OrderStateConflict(f"nothing comes back of an order in state {order['state']}")
    if day < order["order_date"]:
        raise _invalid("/return_date", "early-date", f"the order is of {order['order_date']}")
    lines = {line["line_no"]: line for line in order["lines"]}
    seen: set[int] = set()
    returned = []
    for index, (line_no, quantity) in enumerate(wanted):
        if line_no not in lines or line_no in seen:
            raise _invalid(f"/lines/{index}/line_no", "unknown-line", f"line {line_no} is unknown or repeated")
        seen.add(line_no)
        line = lines[line_no]
        left = line["quantity"] - line["returned"]
        if quantity > left:
            error = FieldError(f"/lines/{index}/quantity", ReturnExceedsOrdered.code, f"{left} left to return")
            raise ReturnExceedsOrdered(error.detail, errors=[error])
        returned.append(_returned_line(line, quantity))
        lines[line_no] = {**line, "returned": line["returned"] + quantity}
    totals = {name: sum(line[name] for line in returned) for name in AMOUNTS}
    return Returned(list(lines.values()), returned, totals)


def _returned_line(line: Mapping[str, Any], quantity: int) -> dict[str, Any]:
    original = Amounts(**{name: line[name] for name in AMOUNTS})
    ordered, before = line["quantity"], line["returned"]
    delta = return_delta(original, ordered, before, before + quantity)
    return {
        "line_no": line["line_no"],
        "sku": line["sku"],
        "product_line": line["product_line"],
        "quantity": quantity,
        "returned_before": before,
        "returned_after": before + quantity,
        **{name: -getattr(delta, name) for name in AMOUNTS},
        "returned_net_base_before": returned_amounts(original, ordered, before).net_base,
        "returned_net_base_after": returned_amounts(original, ordered, before + quantity).net_base,
    }


def _invalid(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldError(pointer, code, detail)])


def content_hash(content: Mapping[str, Any]) -> str:
    """Hash of what a row says, to see that it was sent before."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
