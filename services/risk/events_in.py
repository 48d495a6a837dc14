"""What risk hears: tolerant copies, reduced to what it uses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
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


class MembershipHeard(Heard):
    """Units of a member from the root down, for a time."""

    path: list[UUID]
    valid_from: date
    valid_to: date | None


class MemberHeard(Heard):
    """A member with all memberships."""

    id: UUID
    code: str
    subject: str | None
    memberships: list[MembershipHeard]


HEARD: Mapping[str, type[Heard]] = {
    "customer.account.created.v1": AccountHeard,
    "customer.account.updated.v1": AccountHeard,
    "customer.order.placed.v1": OrderHeard,
    "customer.order.cancelled.v1": OrderHeard,
    "customer.order.returned.v1": OrderReturnedHeard,
    "customer.payment.received.v1": PaymentHeard,
    "customer.payment.refunded.v1": PaymentHeard,
    "targets.member.joined.v1": MemberHeard,
    "targets.member.moved.v1": MemberHeard,
    "targets.member.left.v1": MemberHeard,
}
