"""Orders: asked for, checked, held, confirmed, fulfilled, cancelled."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode
from services.customer.events_out.accounts import ACCOUNT

OrderState = Literal["draft", "placed", "on_hold", "confirmed", "fulfilled", "closed", "cancelled"]


class OrderCredit(Part):
    """A credited seller; shares of an order sum to 1,000,000."""

    member_id: UUID
    share: int


class OrderLine(Part):
    """One line; `product_line` is the server's, `returned` the pieces returned so far."""

    line_no: int
    sku: str
    product_line: str | None
    quantity: int
    returned: int
    unit_price: int
    discount: int
    tax_rate: int
    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int


class OrderSnapshot(Part):
    """An order as it stands after the fact."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    number: str
    stream_key: UUID
    account_id: UUID
    owner_id: UUID | None
    partner_id: UUID | None
    region: str | None
    customer_type: str | None
    state: OrderState
    placement: int
    order_date: date
    payment_terms_days: int
    currency: str
    base_currency: str
    exchange_rate: str
    credits: list[OrderCredit]
    lines: list[OrderLine]
    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int
    paid: int
    paid_base: int
    placed_at: datetime | None
    version: int
    changed: list[str]


LINE: dict[str, Any] = {
    "line_no": 1,
    "sku": "CD-ROCK",
    "product_line": "rock",
    "quantity": 3,
    "returned": 0,
    "unit_price": 1000,
    "discount": 1,
    "tax_rate": 130000,
    "net": 2999,
    "tax": 390,
    "gross": 3389,
    "net_base": 411,
    "tax_base": 53,
    "gross_base": 464,
}


ORDER: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-000000000002",
    "number": "SO-2026-000001",
    "stream_key": ACCOUNT["stream_key"],
    "account_id": ACCOUNT["id"],
    "owner_id": ACCOUNT["owner_id"],
    "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
    "region": "CN-SH",
    "customer_type": "retail",
    "state": "placed",
    "placement": 1,
    "order_date": "2026-02-14",
    "payment_terms_days": 30,
    "currency": "CNY",
    "base_currency": "USD",
    "exchange_rate": "0.137",
    "credits": [
        {"member_id": "01989f2e-0000-7000-8000-0000000000a1", "share": 600000},
        {"member_id": "01989f2e-0000-7000-8000-0000000000a2", "share": 400000},
    ],
    "lines": [LINE],
    "net": 2999,
    "tax": 390,
    "gross": 3389,
    "net_base": 411,
    "tax_base": 53,
    "gross_base": 464,
    "paid": 0,
    "paid_base": 0,
    "placed_at": "2026-02-14T03:04:05.123456Z",
    "version": 2,
    "changed": ["state", "placement"],
}


class OrderPlaced(Published, OrderSnapshot):
    """An order asks for its checks; `placement` numbers the request."""

    TYPE: ClassVar[str] = "customer.order.placed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = ORDER


class OrderConfirmed(Published, OrderSnapshot):
    """All checks of the current placement have passed."""

    TYPE: ClassVar[str] = "customer.order.confirmed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**ORDER, "state": "confirmed", "version": 3, "changed": ["state"]}


class OrderHeld(Published, OrderSnapshot):
    """A check was refused; `shortfall` is in base currency."""

    reason: ReasonCode
    shortfall: int

    TYPE: ClassVar[str] = "customer.order.held.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **ORDER,
        "state": "on_hold",
        "version": 3,
        "changed": ["state"],
        "reason": "limit_exceeded",
        "shortfall": 64,
    }


class OrderCancelled(Published, OrderSnapshot):
    """The order was given up before it was confirmed."""

    reason: ReasonCode

    TYPE: ClassVar[str] = "customer.order.cancelled.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **ORDER,
        "state": "cancelled",
        "version": 3,
        "changed": ["state"],
        "reason": "customer_request",
    }


class OrderFulfilled(Published, OrderSnapshot):
    """Everything was delivered."""

    TYPE: ClassVar[str] = "customer.order.fulfilled.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**ORDER, "state": "fulfilled", "version": 4, "changed": ["state"]}


PUBLISHED: tuple[type[Published], ...] = (
    OrderPlaced,
    OrderConfirmed,
    OrderHeld,
    OrderCancelled,
    OrderFulfilled,
)
