"""Pieces of orders that came back."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published
from services.customer.events_out.orders import LINE, ORDER, OrderSnapshot


class ReturnedLine(Part):
    """A return of a line: pieces before and after (cumulative), amounts of this return (negative),
    and the cumulative net in base currency before and after (positive). One of `quantity` 0 gives an odd cent of what
    came back before: amounts are rounded once for the order."""

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


class OrderReturned(Published, OrderSnapshot):
    """Pieces came back: `returned_lines` and `return_*` amounts are negative, at the original price and split.

    `settled_base` (not negative) is what of the order is settled by this return in base currency, the difference of
    what is booked: exposure and receivables fall by it, absent by the amount of `return_gross_base`.
    """

    return_id: UUID
    return_date: date
    returned_lines: list[ReturnedLine]
    return_net: int
    return_tax: int
    return_gross: int
    return_net_base: int
    return_tax_base: int
    return_gross_base: int
    settled_base: int | None = None

    TYPE: ClassVar[str] = "customer.order.returned.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **ORDER,
        "state": "confirmed",
        "version": 5,
        "changed": ["lines"],
        "lines": [{**LINE, "returned": 1}],
        "return_id": "01989f2e-0000-7000-8000-000000000003",
        "return_date": "2026-03-01",
        "returned_lines": [
            {
                "line_no": 1,
                "sku": "CD-ROCK",
                "product_line": "rock",
                "quantity": 1,
                "returned_before": 0,
                "returned_after": 1,
                "net": -1000,
                "tax": -130,
                "gross": -1130,
                "net_base": -137,
                "tax_base": -18,
                "gross_base": -155,
                "returned_net_base_before": 0,
                "returned_net_base_after": 137,
            }
        ],
        "return_net": -1000,
        "return_tax": -130,
        "return_gross": -1130,
        "return_net_base": -137,
        "return_tax_base": -18,
        "return_gross_base": -155,
        "settled_base": 155,
    }


PUBLISHED: tuple[type[Published], ...] = (OrderReturned,)
AGREED: tuple[type[Published], ...] = ()
