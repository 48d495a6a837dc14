"""Money that came in, and money that went back."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published
from services.customer.events_out.accounts import ACCOUNT
from services.customer.events_out.orders import ORDER


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
        "account_id": ACCOUNT["id"],
        "stream_key": ACCOUNT["stream_key"],
        "currency": "CNY",
        "base_currency": "USD",
        "amount": 1000,
        "received_on": "2026-02-20",
        "method": "bank_transfer",
        "allocations": [{"order_id": ORDER["id"], "amount": 1000, "amount_base": 137}],
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
        "account_id": ACCOUNT["id"],
        "stream_key": ACCOUNT["stream_key"],
        "currency": "CNY",
        "base_currency": "USD",
        "amount": 1000,
        "refunded_on": "2026-03-02",
        "allocations": [{"order_id": ORDER["id"], "amount": 1000, "amount_base": 137}],
        "version": 2,
    }


PUBLISHED: tuple[type[Published], ...] = (
    PaymentReceived,
    PaymentRefunded,
)
