"""Money that came in, and money that went back."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode
from services.customer.events_out.accounts import ACCOUNT
from services.customer.events_out.orders import ORDER


class PaymentAllocation(Part):
    """What of a payment pays an order; `amount_base` is what is booked for it: an order that is settled in its
    currency, by money and by what came back (`settled_base`), leaves nothing owed in base currency."""

    order_id: UUID
    amount: int
    amount_base: int


class PaidOrder(PaymentAllocation):
    """An allocation with the days from the order's due day to the day of receipt, at least 0."""

    days_late: int | None = None


class PaymentReceived(Published):
    """Money came in; a part may stay unallocated.

    `unallocated_base` (absent: 0) is what stands after the event, at the rate of `received_on`; `for_order_id` names an
    order that is not confirmed yet and gets the money when it is.
    """

    id: UUID
    account_id: UUID
    stream_key: UUID
    currency: str
    base_currency: str
    amount: int
    received_on: date
    method: str
    allocations: list[PaidOrder]
    version: int
    unallocated_base: int | None = None
    for_order_id: UUID | None = None

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
        "allocations": [{"order_id": ORDER["id"], "amount": 1000, "amount_base": 137, "days_late": 0}],
        "version": 1,
        "unallocated_base": 0,
        "for_order_id": None,
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
    allocations: list[PaidOrder]
    version: int
    unallocated_base: int | None = None

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
        "allocations": [{"order_id": ORDER["id"], "amount": 1000, "amount_base": 137, "days_late": 0}],
        "version": 2,
        "unallocated_base": 0,
    }


class PaymentSnapshot(Part):
    """A payment; `allocations` are those that this event makes or undoes, always positive amounts."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    currency: str
    base_currency: str
    amount: int
    received_on: date
    method: str
    for_order_id: UUID | None
    allocations: list[PaidOrder]
    unallocated_base: int
    version: int
    business_date: date


_PAYMENT: dict[str, Any] = {
    **PaymentReceived.EXAMPLE,
    "owner_id": ACCOUNT["owner_id"],
    "for_order_id": ORDER["id"],
    "version": 2,
    "business_date": "2026-02-21",
}


class PaymentAllocated(Published, PaymentSnapshot):
    """Money on account pays orders from `allocated_on` on; lateness counts to `received_on`."""

    allocated_on: date

    TYPE: ClassVar[str] = "customer.payment.allocated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_PAYMENT, "allocated_on": "2026-02-21"}


class PaymentVoided(Published, PaymentSnapshot):
    """A payment did not happen: what it still paid is owed again from `voided_on` on."""

    voided_on: date
    reason: ReasonCode

    TYPE: ClassVar[str] = "customer.payment.voided.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_PAYMENT, "voided_on": "2026-02-21", "reason": "bounced", "version": 3}


PUBLISHED: tuple[type[Published], ...] = (
    PaymentReceived,
    PaymentRefunded,
    PaymentAllocated,
    PaymentVoided,
)
AGREED: tuple[type[Published], ...] = ()
