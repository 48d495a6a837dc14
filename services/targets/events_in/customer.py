"""What targets hears of orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import ClassVar
from uuid import UUID

from kit.events.contract import Heard


class OrderCredit(Heard):
    """A credited seller; shares of an order sum to 1,000,000."""

    member_id: UUID
    share: int


class OrderLine(Heard):
    """Net amount of a line in base currency."""

    line_no: int
    product_line: str | None
    net_base: int


class OrderHeard(Heard):
    """What crediting needs of an order."""

    id: UUID
    stream_key: UUID
    account_id: UUID
    region: str | None
    customer_type: str | None
    order_date: date
    base_currency: str
    credits: list[OrderCredit]


class OrderConfirmed(OrderHeard):
    """An order counts."""

    TYPE: ClassVar[str] = "customer.order.confirmed.v1"

    lines: list[OrderLine]
    net_base: int


class ReturnedLine(Heard):
    """Net base amount of a line returned so far, before and after this return (positive)."""

    line_no: int
    returned_net_base_before: int
    returned_net_base_after: int


class OrderReturned(OrderHeard):
    """Pieces of an order came back."""

    TYPE: ClassVar[str] = "customer.order.returned.v1"

    return_date: date
    returned_lines: list[ReturnedLine]
    return_net_base: int


HEARD: Mapping[str, type[Heard]] = {OrderConfirmed.TYPE: OrderConfirmed, OrderReturned.TYPE: OrderReturned}
