"""Prices under the floor. Key: the partner's id, without one the breach's."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Published, sample_id


class PriceFloorBreached(Published):
    """A line of a confirmed order is sold under its floor; amounts of the line in base currency."""

    id: UUID
    stream_key: UUID
    order_id: UUID
    order_date: date
    account_id: UUID
    partner_id: UUID | None
    channel_id: UUID | None
    owner_id: UUID | None
    line_no: int
    sku: str
    quantity: int
    net_base: int
    floor_base: int
    currency: str
    approval_id: UUID | None
    source_event_id: UUID
    business_date: date

    TYPE: ClassVar[str] = "channels.price.floor_breached.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("b6"),
        "stream_key": sample_id("b1"),
        "order_id": sample_id("2"),
        "order_date": "2026-02-14",
        "account_id": sample_id("1"),
        "partner_id": sample_id("b1"),
        "channel_id": sample_id("b2"),
        "owner_id": sample_id("a1"),
        "line_no": 1,
        "sku": "CD-ROCK",
        "quantity": 3,
        "net_base": 411,
        "floor_base": 420,
        "currency": "USD",
        "approval_id": None,
        "source_event_id": sample_id("e2"),
        "business_date": "2026-02-14",
    }


PUBLISHED: tuple[type[Published], ...] = ()
AGREED: tuple[type[Published], ...] = (PriceFloorBreached,)
