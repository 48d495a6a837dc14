"""What channels hears of orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from kit.events.contract import Heard


class LineHeard(Heard):
    """One line's net amount in base currency (negative in a return)."""

    product_line: str | None
    net_base: int


class OrderHeard(Heard):
    """An order that counts from now on."""

    id: UUID
    partner_id: UUID | None
    order_date: date
    base_currency: str
    lines: list[LineHeard]


class OrderReturnedHeard(Heard):
    """Pieces of an order that came back."""

    id: UUID
    partner_id: UUID | None
    order_date: date
    base_currency: str
    return_date: date
    returned_lines: list[LineHeard]


HEARD: Mapping[str, type[Heard]] = {
    "customer.order.confirmed.v1": OrderHeard,
    "customer.order.returned.v1": OrderReturnedHeard,
}
