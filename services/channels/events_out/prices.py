"""Price books, key: the version's id; standing approvals and prices under the floor, key: the partner's id, without one
their own."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class PriceChanged(Published):
    """A version of a price book was published: it counts from `valid_from` until the next version's day.

    `round_to` and `ending` are minor units of its currency; `entries_sha256` is over its entries by code.
    """

    id: UUID
    code: str
    book_version: int
    currency: str
    round_to: int
    ending: int
    valid_from: date
    entry_count: int
    entries_sha256: str
    version: int
    changed: list[str]
    business_date: date

    TYPE: ClassVar[str] = "channels.price.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("b7"),
        "code": "LIST",
        "book_version": 1,
        "currency": "USD",
        "round_to": 100,
        "ending": -1,
        "valid_from": "2026-01-01",
        "entry_count": 2,
        "entries_sha256": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
        "version": 3,
        "changed": ["state", "published_by", "published_on"],
        "business_date": "2025-12-15",
    }


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


class PriceApprovalSnapshot(Part):
    """A standing approval: the least net of a piece, from `valid_from` to `valid_to` (both included, null: open)."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    stream_key: UUID
    account_id: UUID | None
    partner_id: UUID | None
    sku: str
    currency: str
    min_unit_net: int
    valid_from: date
    valid_to: date | None
    state: Literal["granted", "withdrawn"]
    version: int
    changed: list[str]
    business_date: date


_APPROVAL: dict[str, Any] = {
    "id": sample_id("b8"),
    "stream_key": sample_id("b1"),
    "account_id": None,
    "partner_id": sample_id("b1"),
    "sku": "CD-ROCK",
    "currency": "USD",
    "min_unit_net": 850,
    "valid_from": "2026-01-01",
    "valid_to": "2026-12-31",
    "state": "granted",
    "version": 1,
    "changed": [],
    "business_date": "2026-01-01",
}


class PriceApprovalGranted(Published, PriceApprovalSnapshot):
    """A price under the floor may be quoted."""

    TYPE: ClassVar[str] = "channels.price_approval.granted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _APPROVAL


class PriceApprovalWithdrawn(Published, PriceApprovalSnapshot):
    """It counts for no further quote."""

    TYPE: ClassVar[str] = "channels.price_approval.withdrawn.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_APPROVAL, "state": "withdrawn", "version": 2, "changed": ["state"]}


PUBLISHED: tuple[type[Published], ...] = (
    PriceChanged,
    PriceApprovalGranted,
    PriceApprovalWithdrawn,
    PriceFloorBreached,
)
AGREED: tuple[type[Published], ...] = ()
