"""Rebates earned and taken back. Key: the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published
from services.channels.events_out.partners import PARTNER
from services.channels.events_out.programmes import RebateTier


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
        "partner_id": PARTNER["id"],
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


PUBLISHED: tuple[type[Published], ...] = (RebateAccrued,)
AGREED: tuple[type[Published], ...] = ()
