"""What customer says. Key of every event: the account's stream key.

Amounts are minor units: plain ones of the order's currency, `*_base` ones of the company's base
currency, converted once here; consumers never convert. No person's name, contact data or tax id.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode

OrderState = Literal["draft", "placed", "on_hold", "confirmed", "fulfilled", "closed", "cancelled"]

_ACCOUNT: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-000000000001",
    "stream_key": "01989f2e-0000-7000-8000-000000000001",
    "kind": "organization",
    "name": "Blue Harbour Trading",
    "region": "CN-SH",
    "customer_type": "retail",
    "owner_id": "01989f2e-0000-7000-8000-0000000000a1",
    "external_ids": {"erp": "C-1001"},
    "is_archived": False,
    "version": 1,
    "changed": [],
}


class AccountSnapshot(Part):
    """An account; `name` only of organisations."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    stream_key: UUID
    kind: Literal["organization", "person"]
    name: str | None
    region: str | None
    customer_type: str | None
    owner_id: UUID | None
    external_ids: dict[str, str]
    is_archived: bool
    version: int
    changed: list[str]


class AccountCreated(Published, AccountSnapshot):
    """An account was created."""

    TYPE: ClassVar[str] = "customer.account.created.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _ACCOUNT


class AccountUpdated(Published, AccountSnapshot):
    """An account was changed; `changed` names the fields."""

    TYPE: ClassVar[str] = "customer.account.updated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_ACCOUNT, "version": 2, "changed": ["region"]}


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


_LINE: dict[str, Any] = {
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
_ORDER: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-000000000002",
    "number": "SO-2026-000001",
    "stream_key": _ACCOUNT["stream_key"],
    "account_id": _ACCOUNT["id"],
    "owner_id": _ACCOUNT["owner_id"],
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
    "lines": [_LINE],
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
    EXAMPLE: ClassVar[dict[str, Any]] = _ORDER


class OrderConfirmed(Published, OrderSnapshot):
    """All checks of the current placement have passed."""

    TYPE: ClassVar[str] = "customer.order.confirmed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_ORDER, "state": "confirmed", "version": 3, "changed": ["state"]}


class OrderHeld(Published, OrderSnapshot):
    """A check was refused; `shortfall` is in base currency."""

    reason: ReasonCode
    shortfall: int

    TYPE: ClassVar[str] = "customer.order.held.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_ORDER,
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
        **_ORDER,
        "state": "cancelled",
        "version": 3,
        "changed": ["state"],
        "reason": "customer_request",
    }


class OrderFulfilled(Published, OrderSnapshot):
    """Everything was delivered."""

    TYPE: ClassVar[str] = "customer.order.fulfilled.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_ORDER, "state": "fulfilled", "version": 4, "changed": ["state"]}


class ReturnedLine(Part):
    """A return of a line: pieces before and after (cumulative), amounts of this return (negative),
    and the cumulative net in base currency before and after (positive)."""

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
    """Pieces came back: `returned_lines` and `return_*` amounts are negative, at the original price and split."""

    return_id: UUID
    return_date: date
    returned_lines: list[ReturnedLine]
    return_net: int
    return_tax: int
    return_gross: int
    return_net_base: int
    return_tax_base: int
    return_gross_base: int

    TYPE: ClassVar[str] = "customer.order.returned.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_ORDER,
        "state": "confirmed",
        "version": 5,
        "changed": ["lines"],
        "lines": [{**_LINE, "returned": 1}],
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
    }


class PaymentAllocation(Part):
    """What of a payment pays an order; `amount_base` telescopes: full payment gives exactly gross_base."""

    order_id: UUID
    amount: int
    amount_base: int


class PaymentReceived(Published):
    """Money came in; a part may stay unallocated."""

    id: UUID
    account_id: UUID
    stream_key: UUID
    currency: str
    base_currency: str
    amount: int
    received_on: date
    method: str
    allocations: list[PaymentAllocation]
    version: int

    TYPE: ClassVar[str] = "customer.payment.received.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-000000000004",
        "account_id": _ACCOUNT["id"],
        "stream_key": _ACCOUNT["stream_key"],
        "currency": "CNY",
        "base_currency": "USD",
        "amount": 1000,
        "received_on": "2026-02-20",
        "method": "bank_transfer",
        "allocations": [{"order_id": _ORDER["id"], "amount": 1000, "amount_base": 137}],
        "version": 1,
    }


class PaymentRefunded(Published):
    """Money went back; allocations are positive amounts taken back from the orders."""

    id: UUID
    payment_id: UUID
    account_id: UUID
    stream_key: UUID
    currency: str
    base_currency: str
    amount: int
    refunded_on: date
    allocations: list[PaymentAllocation]
    version: int

    TYPE: ClassVar[str] = "customer.payment.refunded.v1"
    SUBJECT: ClassVar[str] = "payment_id"
    KEY: ClassVar[str] = "stream_key"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-000000000005",
        "payment_id": "01989f2e-0000-7000-8000-000000000004",
        "account_id": _ACCOUNT["id"],
        "stream_key": _ACCOUNT["stream_key"],
        "currency": "CNY",
        "base_currency": "USD",
        "amount": 1000,
        "refunded_on": "2026-03-02",
        "allocations": [{"order_id": _ORDER["id"], "amount": 1000, "amount_base": 137}],
        "version": 2,
    }


EVENTS: tuple[type[Published], ...] = (
    AccountCreated,
    AccountUpdated,
    OrderPlaced,
    OrderConfirmed,
    OrderHeld,
    OrderCancelled,
    OrderFulfilled,
    OrderReturned,
    PaymentReceived,
    PaymentRefunded,
)
