"""Pure rules of returns: what comes back of an order, at the original price."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid, StateConflict
from kit.money import lots
from services.customer.orders.enums import RETURNABLE, OrderState
from services.customer.orders.rules import AMOUNTS
from services.customer.returns.spreading import Part, spread


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


class GivenBack(Protocol):
    """What was given back of a line before, not negative."""

    line_no: int
    net: int
    tax: int
    net_base: int
    tax_base: int


SPREAD = ("net", "tax", "net_base", "tax_base")
"""Amounts that are rounded once per order and spread over its lines; gross is net + tax."""


@dataclass(frozen=True, slots=True)
class ReturnedLine:
    """Pieces of a line that came back: pieces before and after, amounts of this return (negative), and the cumulative
    net in base currency before and after (positive). A line of `quantity` 0 came back before, and gives odd cents."""

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
) -> dict[int, int]:
    """Pieces by line number of a return of (line number, pieces) of an order on a business day.

    Raises StateConflict, ReturnExceedsOrdered; Invalid for unknown or repeated lines or an early day.
    """
    if state not in RETURNABLE:
        raise StateConflict("order", "return", state, RETURNABLE)
    if day < order_date:
        raise _invalid("/return_date", "early-date", f"the order is of {order_date}")
    left = {line.line_no: line.quantity - line.returned for line in lines}
    pieces: dict[int, int] = {}
    for index, (line_no, quantity) in enumerate(wanted):
        rest = left.get(line_no)
        if rest is None or line_no in pieces:
            raise _invalid(f"/lines/{index}/line_no", "unknown-line", f"line {line_no} is unknown or repeated")
        if quantity > rest:
            error = FieldError(f"/lines/{index}/quantity", ReturnExceedsOrdered.code, f"{rest} left to return")
            raise ReturnExceedsOrdered(error.detail, errors=[error])
        pieces[line_no] = quantity
    return pieces


def give_back(
    order: UUID, lines: Sequence[OrderedLine], back: Sequence[GivenBack], pieces: Mapping[int, int]
) -> list[ReturnedLine]:
    """What a return of `pieces` by line number gives back of an order's lines, of which `back` was given back before.

    Net and tax in both currencies are each rounded once for the order (`spread`), so lines of which nothing comes back
    now may give an odd cent of what came back before, named with 0 pieces or not. The return that completes the order
    gives exactly the rest. Raises Invalid for one that gives nothing.
    """
    before = {line.line_no: line for line in back}
    columns = {name: _spread(order, name, lines, before, pieces) for name in SPREAD}
    given = [
        _returned_line(line, pieces.get(line.line_no, 0), before.get(line.line_no), dict(zip(SPREAD, row, strict=True)))
        for line, row in zip(lines, zip(*columns.values(), strict=True), strict=True)
    ]
    moved = [line for line in given if line.quantity or line.gross or line.gross_base]
    if not moved:
        raise _invalid("/lines", "empty-return", "nothing comes back, and no odd cent is left to give")
    return moved


def totals(lines: Sequence[ReturnedLine]) -> dict[str, int]:
    """Amounts of a return by their names (negative)."""
    return {name: sum(getattr(line, name) for line in lines) for name in AMOUNTS}


def _spread(
    order: UUID, name: str, lines: Sequence[OrderedLine], before: Mapping[int, GivenBack], pieces: Mapping[int, int]
) -> list[int]:
    """One amount of each line, given back in all."""
    parts = [
        Part(
            getattr(line, name),
            line.returned + pieces.get(line.line_no, 0),
            line.quantity,
            getattr(before[line.line_no], name) if line.line_no in before else 0,
        )
        for line in lines
    ]
    return spread(parts, lots(order, f"returned_{name}", (line.line_no for line in lines)))


def _returned_line(line: OrderedLine, quantity: int, before: GivenBack | None, after: dict[str, int]) -> ReturnedLine:
    stood = {name: getattr(before, name) if before else 0 for name in SPREAD}
    net, tax, net_base, tax_base = (stood[name] - after[name] for name in SPREAD)
    return ReturnedLine(
        line_no=line.line_no,
        sku=line.sku,
        product_line=line.product_line,
        quantity=quantity,
        returned_before=line.returned,
        returned_after=line.returned + quantity,
        net=net,
        tax=tax,
        gross=net + tax,
        net_base=net_base,
        tax_base=tax_base,
        gross_base=net_base + tax_base,
        returned_net_base_before=stood["net_base"],
        returned_net_base_after=after["net_base"],
    )


def _invalid(pointer: str, code: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldError(pointer, code, detail)])


def content_hash(content: Mapping[str, Any]) -> str:
    """Hash of what a row says, to see that it was sent before."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()
