"""Orders: asked for, checked, held, confirmed, fulfilled, closed, cancelled."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id
from services.customer.events_out.accounts import ACCOUNT

Check = Literal["credit", "terms"]
"""What a placement asks for; it is confirmed when all of them have passed."""
OrderState = Literal["draft", "placed", "on_hold", "confirmed", "fulfilled", "closed", "cancelled"]


class OrderSplit(Part):
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
    list_price: int | None = None
    discount_base: int | None = None
    unit_cost_base: int | None = None
    margin_base: int | None = None


class OrderPromotion(Part):
    """What a promotion takes off a line; `discount_base` at the order's rate."""

    promotion_id: UUID
    line_no: int
    discount: int
    discount_base: int


class OrderSnapshot(Part):
    """An order as it stands after the fact.

    `points` are those it redeems, `placed_by` the token subject of who asked for the placement.
    """

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
    credits: list[OrderSplit]
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
    channel_id: UUID | None = None
    deal_id: UUID | None = None
    quote_id: UUID | None = None
    contract_id: UUID | None = None
    promotions: list[OrderPromotion] | None = None
    points: int | None = None
    price_policy: Literal["free", "enforced"] | None = None
    is_first_order: bool | None = None
    due_on: date | None = None
    placed_by: str | None = None


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
    "list_price": 1100,
    "discount_base": 0,
    "unit_cost_base": 100,
    "margin_base": 111,
}


ORDER: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-000000000002",
    "number": "SO-2026-000001",
    "stream_key": ACCOUNT["stream_key"],
    "account_id": ACCOUNT["id"],
    "owner_id": ACCOUNT["owner_id"],
    "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
    "region": "CN-SH",
    "customer_type": "existing",
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
    "channel_id": sample_id("b2"),
    "deal_id": sample_id("b3"),
    "quote_id": sample_id("b4"),
    "contract_id": sample_id("14"),
    "promotions": [{"promotion_id": sample_id("b5"), "line_no": 1, "discount": 1, "discount_base": 0}],
    "points": 0,
    "price_policy": "free",
    "is_first_order": True,
    "due_on": "2026-03-16",
    "placed_by": "rep-01",
}


class OrderPlaced(Published, OrderSnapshot):
    """An order asks for its checks (absent: credit); `placement` numbers the request."""

    checks: list[Check] | None = None

    TYPE: ClassVar[str] = "customer.order.placed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**ORDER, "checks": ["credit", "terms"]}


class OrderConfirmed(Published, OrderSnapshot):
    """All checks of the current placement have passed."""

    TYPE: ClassVar[str] = "customer.order.confirmed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**ORDER, "state": "confirmed", "version": 3, "changed": ["state"]}


class OrderHeld(Published, OrderSnapshot):
    """A `check` (absent: credit) of the placement was refused or dropped; `shortfall` is in base currency.

    Each further refusal or drop is another of these. `cause` says more than the closed words of `reason`.
    """

    reason: ReasonCode
    shortfall: int
    check: Check | None = None
    cause: ReasonCode | None = None

    TYPE: ClassVar[str] = "customer.order.held.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **ORDER,
        "state": "on_hold",
        "version": 3,
        "changed": ["state"],
        "reason": "limit_exceeded",
        "shortfall": 64,
        "check": "credit",
        "cause": "limit_exceeded",
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


class OrderClosed(Published, OrderSnapshot):
    """Nothing is open any more: delivered, and paid or returned."""

    business_date: date

    TYPE: ClassVar[str] = "customer.order.closed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **ORDER,
        "state": "closed",
        "version": 6,
        "changed": ["state"],
        "business_date": "2026-03-17",
    }


class OrderReopened(Published, OrderSnapshot):
    """A payment of a closed order was voided: something of it is owed again, and it is a delivered order as before."""

    business_date: date

    TYPE: ClassVar[str] = "customer.order.reopened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **ORDER,
        "state": "fulfilled",
        "version": 7,
        "changed": ["paid", "state"],
        "business_date": "2026-03-19",
    }


class OrderOverdue(Published, OrderSnapshot):
    """An order has an open amount after `due_on`; once until the open amount was 0 and became positive again."""

    open_amount: int
    open_amount_base: int
    business_date: date

    TYPE: ClassVar[str] = "customer.order.overdue.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **ORDER,
        "state": "fulfilled",
        "version": 5,
        "changed": [],
        "open_amount": 3389,
        "open_amount_base": 464,
        "business_date": "2026-03-17",
    }


PUBLISHED: tuple[type[Published], ...] = (
    OrderPlaced,
    OrderConfirmed,
    OrderHeld,
    OrderCancelled,
    OrderFulfilled,
    OrderClosed,
    OrderReopened,
    OrderOverdue,
)
AGREED: tuple[type[Published], ...] = ()
