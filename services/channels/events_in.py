"""What channels hears: tolerant copies, reduced to what it uses."""

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
    "customer.order.confirmed.v1": OrderHeard,
    "customer.order.returned.v1": OrderReturnedHeard,
    "targets.member.joined.v1": MemberHeard,
    "targets.member.moved.v1": MemberHeard,
    "targets.member.left.v1": MemberHeard,
}
