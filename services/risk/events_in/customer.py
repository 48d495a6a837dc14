"""What risk hears of accounts, orders and payments."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kit.events.contract import Heard


class AccountHeard(Heard):
    """An account; `name` only of organisations."""

    id: UUID
    stream_key: UUID
    name: str | None
    owner_id: UUID | None


class OrderHeard(Heard):
    """An order that asks for credit, or is cancelled."""

    id: UUID
    account_id: UUID
    stream_key: UUID
    placement: int
    base_currency: str
    gross_base: int


class OrderReturnedHeard(OrderHeard):
    """A return; its amount is negative."""

    return_gross_base: int


class AllocationHeard(Heard):
    """What of a payment belongs to an order."""

    order_id: UUID
    amount_base: int


class PaymentHeard(Heard):
    """Money that came in, or went back."""

    account_id: UUID
    stream_key: UUID
    base_currency: str
    allocations: list[AllocationHeard]


HEARD: Mapping[str, type[Heard]] = {
    "customer.account.created.v1": AccountHeard,
    "customer.account.updated.v1": AccountHeard,
    "customer.order.placed.v1": OrderHeard,
    "customer.order.cancelled.v1": OrderHeard,
    "customer.order.returned.v1": OrderReturnedHeard,
    "customer.payment.received.v1": PaymentHeard,
    "customer.payment.refunded.v1": PaymentHeard,
}
