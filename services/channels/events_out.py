"""What channels says. Keys: the partner's id for partner and rebate events, else the thing's own id.
Amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published

_PARTNER: dict[str, Any] = {
    "id": "01989f2e-0000-7000-8000-0000000000b1",
    "code": "P-001",
    "name": "Harbour Distribution",
    "kind": "distributor",
    "state": "active",
    "regions": ["CN-SH"],
    "version": 2,
    "changed": ["state"],
}


class PartnerSnapshot(Part):
    """A channel partner (an organisation)."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    code: str
    name: str
    kind: str
    state: str
    regions: list[str]
    version: int
    changed: list[str]


class PartnerApplied(Published, PartnerSnapshot):
    """A partner was entered."""

    TYPE: ClassVar[str] = "channels.partner.applied.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_PARTNER, "state": "applied", "version": 1, "changed": []}


class PartnerActivated(Published, PartnerSnapshot):
    """A partner may sell."""

    TYPE: ClassVar[str] = "channels.partner.activated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _PARTNER


class PartnerSuspended(Published, PartnerSnapshot):
    """A partner may not sell for now."""

    TYPE: ClassVar[str] = "channels.partner.suspended.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_PARTNER, "state": "suspended", "version": 3}


class ProductChanged(Published):
    """A product was made or changed."""

    id: UUID
    sku: str
    name: str
    product_line: str
    is_active: bool
    version: int
    changed: list[str]

    TYPE: ClassVar[str] = "channels.product.changed.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-0000000000f1",
        "sku": "CD-ROCK",
        "name": "Compact disc, rock",
        "product_line": "rock",
        "is_active": True,
        "version": 1,
        "changed": [],
    }


class RebateTier(Part):
    """Rate (millionths) of volume from `start` on."""

    start: int
    rate: int


class RebateSlice(Part):
    """The part of a position that lies in one tier."""

    start: int
    end: int
    rate: int


class RebateAccrued(Published):
    """The rebate an order, or its return, earned or took back, with all inputs of the decision."""

    partner_id: UUID
    programme_id: UUID
    programme_version: int
    kind: str
    tiers: list[RebateTier]
    period_start: date
    period_end: date
    order_id: UUID
    order_date: date
    posting_date: date
    currency: str
    volume: int
    position_before: int
    position_after: int
    amount: int
    slices: list[RebateSlice]
    source_event_id: UUID

    TYPE: ClassVar[str] = "channels.rebate.accrued.v1"
    SUBJECT: ClassVar[str] = "order_id"
    KEY: ClassVar[str] = "partner_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "partner_id": _PARTNER["id"],
        "programme_id": "01989f2e-0000-7000-8000-0000000000f9",
        "programme_version": 1,
        "kind": "marginal",
        "tiers": [{"start": 0, "rate": 10000}, {"start": 10000, "rate": 20000}],
        "period_start": "2026-01-01",
        "period_end": "2026-03-31",
        "order_id": "01989f2e-0000-7000-8000-000000000002",
        "order_date": "2026-02-14",
        "posting_date": "2026-02-14",
        "currency": "USD",
        "volume": 411,
        "position_before": 9800,
        "position_after": 10211,
        "amount": 6,
        "slices": [{"start": 9800, "end": 10000, "rate": 10000}, {"start": 10000, "end": 10211, "rate": 20000}],
        "source_event_id": "01989f2e-0000-7000-8000-0000000000e2",
    }


class RebateProgrammePublished(Published):
    """A rebate programme counts from now on."""

    id: UUID
    name: str
    kind: str
    tiers: list[RebateTier]
    valid_from: date
    valid_to: date
    period: str
    product_lines: list[str]
    partner_ids: list[UUID]
    version: int

    TYPE: ClassVar[str] = "channels.rebate_programme.published.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": "01989f2e-0000-7000-8000-0000000000f9",
        "name": "Volume 2026",
        "kind": "marginal",
        "tiers": [{"start": 0, "rate": 10000}, {"start": 10000, "rate": 20000}],
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "period": "quarter",
        "product_lines": [],
        "partner_ids": [],
        "version": 1,
    }


EVENTS: tuple[type[Published], ...] = (
    PartnerApplied,
    PartnerActivated,
    PartnerSuspended,
    ProductChanged,
    RebateAccrued,
    RebateProgrammePublished,
)
