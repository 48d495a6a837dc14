"""Rebates earned and taken back. Key: the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, sample_id
from services.channels.events_out.partners import PARTNER
from services.channels.events_out.programmes import RebateTier


class RebateSlice(Part):
    """The part of a position that lies in one tier."""

    start: int
    end: int
    rate: int


class RebateShare(Part):
    """What a partner has of the volume of an order (millionths)."""

    partner_id: UUID
    share: int


class RebateSplit(Part):
    """The resolved conflict whose split holds for an order; of equal parts the earlier partner gets the odd cent."""

    conflict_id: UUID
    shares: list[RebateShare]


class RebateTakenBack(Part):
    """Of a period that a statement has closed: `amount` was earned there with `volume`, of which `before` had come back
    by then and `returned` has now. The position stays."""

    period_start: date
    period_end: date
    amount: int
    volume: int
    before: int
    returned: int


class RebateLayer(Part):
    """A version of a programme, and the volume that it held before (in focus lines too)."""

    programme_id: UUID
    tiers: list[RebateTier]
    volume: int
    focus: int | None = None


class RebateLineage(Part):
    """Of a programme with later versions: id and row version of the first, and all of them, the first first."""

    programme_id: UUID
    programme_version: int
    layers: list[RebateLayer]


class RebateAccrued(Published):
    """The rebate an order, or its return, earned or took back, with all inputs of the decision.

    Of an order that partners share `volume` is this partner's part of `order_volume`, cumulative over its returns.
    Growth counts over the `baseline` of the account; of a mix `focus_volume` is what of `volume` is in focus lines.
    Where a programme has later versions the order counts in `programme_id`, and `lineage` says what each version held.
    """

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
    split: RebateSplit | None = None
    order_volume: int | None = None
    taken_back: RebateTakenBack | None = None
    basis: str | None = None
    baseline: int | None = None
    focus_volume: int | None = None
    focus_before: int | None = None
    order_focus: int | None = None
    lineage: RebateLineage | None = None

    TYPE: ClassVar[str] = "channels.rebate.accrued.v1"
    SUBJECT: ClassVar[str] = "order_id"
    KEY: ClassVar[str] = "partner_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "partner_id": PARTNER["id"],
        "programme_id": "01989f2e-0000-7000-8000-0000000000f9",
        "programme_version": 1,
        "kind": "marginal",
        "tiers": [{"start": 0, "rate": 10000, "amount": None}, {"start": 10000, "rate": 20000, "amount": None}],
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
        "split": None,
        "order_volume": None,
        "taken_back": None,
        "basis": None,
        "baseline": None,
        "focus_volume": None,
        "focus_before": None,
        "order_focus": None,
        "lineage": None,
    }


class RebateAdjusted(Published):
    """Somebody gave or took (`amount` below zero) something by hand; it stands in the next statement."""

    id: UUID
    partner_id: UUID
    amount: int
    currency: str
    posting_date: date
    adjusted_by: str
    version: int
    business_date: date

    TYPE: ClassVar[str] = "channels.rebate.adjusted.v1"
    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "partner_id"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "id": sample_id("c7"),
        "partner_id": PARTNER["id"],
        "amount": -1250,
        "currency": "USD",
        "posting_date": "2026-03-20",
        "adjusted_by": "channel-manager",
        "version": 1,
        "business_date": "2026-03-20",
    }


PUBLISHED: tuple[type[Published], ...] = (RebateAccrued, RebateAdjusted)
AGREED: tuple[type[Published], ...] = ()
