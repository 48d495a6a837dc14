"""What customer hears of partners and products."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kit.events.contract import Heard


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


HEARD: Mapping[str, type[Heard]] = {
    "channels.partner.applied.v1": PartnerHeard,
    "channels.partner.activated.v1": PartnerHeard,
    "channels.partner.suspended.v1": PartnerHeard,
    "channels.product.changed.v1": ProductHeard,
}
