"""Opportunities: what may become an order, by stage."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id


class OpportunitySnapshot(Part):
    """An opportunity; `probability` in millionths.

    `opened_on` and `closed_on` are business days. `previous_stage` is the stage before this one, `days_in_stage` the
    days spent there; None in the first stage.
    """

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    state: Literal["open", "won", "lost"]
    pipeline: ReasonCode
    stage: ReasonCode
    previous_stage: ReasonCode | None
    days_in_stage: int | None
    amount: int
    amount_base: int
    currency: str
    base_currency: str
    probability: int
    forecast_category: Literal["pipeline", "best_case", "commit", "closed", "omitted"]
    opened_on: date
    expected_close: date | None
    closed_on: date | None
    partner_id: UUID | None
    deal_id: UUID | None
    competitors: list[ReasonCode]
    lost_reason: ReasonCode | None
    version: int
    changed: list[str]
    business_date: date


_OPPORTUNITY: dict[str, Any] = {
    "id": sample_id("8"),
    "account_id": sample_id("1"),
    "stream_key": sample_id("1"),
    "owner_id": sample_id("a1"),
    "state": "open",
    "pipeline": "default",
    "stage": "research",
    "previous_stage": None,
    "days_in_stage": None,
    "amount": 1000000,
    "amount_base": 137000,
    "currency": "CNY",
    "base_currency": "USD",
    "probability": 100000,
    "forecast_category": "pipeline",
    "opened_on": "2026-02-14",
    "expected_close": "2026-04-30",
    "closed_on": None,
    "partner_id": sample_id("b1"),
    "deal_id": sample_id("b3"),
    "competitors": ["acme"],
    "lost_reason": None,
    "version": 1,
    "changed": [],
    "business_date": "2026-02-14",
}
_MOVED: dict[str, Any] = {
    **_OPPORTUNITY,
    "stage": "solution",
    "previous_stage": "need_analysis",
    "days_in_stage": 8,
    "version": 4,
    "changed": ["stage"],
    "business_date": "2026-03-02",
}


class OpportunityOpened(Published, OpportunitySnapshot):
    """An opportunity was opened."""

    TYPE: ClassVar[str] = "customer.opportunity.opened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _OPPORTUNITY


class OpportunityUpdated(Published, OpportunitySnapshot):
    """Something else than the stage was changed; `changed` names the fields."""

    TYPE: ClassVar[str] = "customer.opportunity.updated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_OPPORTUNITY, "version": 2, "changed": ["expected_close"]}


class OpportunityStageChanged(Published, OpportunitySnapshot):
    """An opportunity stands in another stage."""

    TYPE: ClassVar[str] = "customer.opportunity.stage_changed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _MOVED


class OpportunityWon(Published, OpportunitySnapshot):
    """An opportunity was won; `order_id` is the order it became."""

    order_id: UUID | None

    TYPE: ClassVar[str] = "customer.opportunity.won.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_MOVED,
        "state": "won",
        "probability": 1000000,
        "forecast_category": "closed",
        "closed_on": "2026-03-02",
        "version": 5,
        "changed": ["state"],
        "order_id": sample_id("2"),
    }


class OpportunityLost(Published, OpportunitySnapshot):
    """An opportunity was lost, for `lost_reason`."""

    TYPE: ClassVar[str] = "customer.opportunity.lost.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_MOVED,
        "state": "lost",
        "probability": 0,
        "forecast_category": "closed",
        "closed_on": "2026-03-02",
        "lost_reason": "price",
        "version": 5,
        "changed": ["state"],
    }


class OpportunityReopened(Published, OpportunitySnapshot):
    """A closed opportunity is open again; `closed_on` is empty."""

    TYPE: ClassVar[str] = "customer.opportunity.reopened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_MOVED, "version": 6, "changed": ["state"]}


PUBLISHED: tuple[type[Published], ...] = (
    OpportunityOpened,
    OpportunityUpdated,
    OpportunityStageChanged,
    OpportunityWon,
    OpportunityLost,
    OpportunityReopened,
)
AGREED: tuple[type[Published], ...] = ()
