"""What customer hears: tolerant, reduced copies of the other services' payloads."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kit.events.contract import Heard


class MembershipHeard(Heard):
    """Units from the root down, for a time."""

    path: list[UUID]
    valid_from: date
    valid_to: date | None = None


class MemberHeard(Heard):
    """targets.member.joined|moved|left.v1"""

    id: UUID
    code: str
    subject: str | None = None
    memberships: Annotated[list[MembershipHeard], Field(min_length=1)]


class PartnerHeard(Heard):
    """channels.partner.applied|activated|suspended.v1"""

    id: UUID
    code: str
    state: str
    version: int


class ProductHeard(Heard):
    """channels.product.changed.v1"""

    id: UUID
    sku: str
    product_line: str
    is_active: bool
    version: int


class CreditReservedHeard(Heard):
    """risk.credit.reserved.v1: the placement's amount is reserved."""

    order_id: UUID
    placement: int
    decision: Literal["automatic", "override"] = "automatic"


class CreditRefusedHeard(Heard):
    """risk.credit.refused.v1: nothing is reserved; `shortfall` in base currency."""

    order_id: UUID
    placement: int
    reason: str
    shortfall: int


HEARD: dict[str, type[Heard]] = {
    "targets.member.joined.v1": MemberHeard,
    "targets.member.moved.v1": MemberHeard,
    "targets.member.left.v1": MemberHeard,
    "channels.partner.applied.v1": PartnerHeard,
    "channels.partner.activated.v1": PartnerHeard,
    "channels.partner.suspended.v1": PartnerHeard,
    "channels.product.changed.v1": ProductHeard,
    "risk.credit.reserved.v1": CreditReservedHeard,
    "risk.credit.refused.v1": CreditRefusedHeard,
}
"""Event type -> what is read of it."""
