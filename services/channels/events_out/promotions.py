"""Promotions. Key: the promotion's id."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id


class PromotionWindow(Part):
    """When a promotion holds: from `starts_at` until before `ends_at` (None: open)."""

    starts_at: datetime
    ends_at: datetime | None


class Audience(Part):
    """Whom a promotion is for: every list that is not empty must hold, by one of its values."""

    customer_types: list[ReasonCode]
    grades: list[ReasonCode]
    segment_ids: list[UUID]
    lifecycle_stages: list[ReasonCode]
    regions: list[str]
    channel_ids: list[UUID]
    tiers: list[ReasonCode]
    account_ids: list[UUID]


class PromotionSnapshot(Part):
    """A promotion; budget in base currency, None is unlimited."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    code: ReasonCode
    goal: Literal["sales", "share", "brand"]
    kind: ReasonCode
    state: Literal["draft", "approved", "scheduled", "active", "paused", "ended"]
    audience: Audience
    windows: list[PromotionWindow]
    budget_base: int | None
    currency: str
    owner_id: UUID | None
    version: int
    changed: list[str]
    business_date: date


_PROMOTION: dict[str, Any] = {
    "id": sample_id("b5"),
    "code": "SPRING-26",
    "goal": "sales",
    "kind": "cash_off",
    "state": "active",
    "audience": {
        "customer_types": ["new"],
        "grades": [],
        "segment_ids": [sample_id("13")],
        "lifecycle_stages": [],
        "regions": ["CN"],
        "channel_ids": [sample_id("b2")],
        "tiers": [],
        "account_ids": [],
    },
    "windows": [{"starts_at": "2026-01-31T16:00:00Z", "ends_at": "2026-03-31T16:00:00Z"}],
    "budget_base": 100000,
    "currency": "USD",
    "owner_id": sample_id("a1"),
    "version": 4,
    "changed": ["state"],
    "business_date": "2026-02-01",
}


class PromotionActivated(Published, PromotionSnapshot):
    """A promotion holds from now on."""

    TYPE: ClassVar[str] = "channels.promotion.activated.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _PROMOTION


class PromotionEnded(Published, PromotionSnapshot):
    """A promotion is over; quotes that hold it are kept unless `honour` is false."""

    honour: bool

    TYPE: ClassVar[str] = "channels.promotion.ended.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PROMOTION,
        "state": "ended",
        "version": 6,
        "business_date": "2026-04-01",
        "honour": True,
    }


class PromotionBudgetExhausted(Published, PromotionSnapshot):
    """The next discount did not fit the budget; once until something is given back."""

    left_base: int

    TYPE: ClassVar[str] = "channels.promotion.budget_exhausted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PROMOTION,
        "version": 5,
        "changed": [],
        "business_date": "2026-03-20",
        "left_base": 12,
    }


PUBLISHED: tuple[type[Published], ...] = (PromotionActivated, PromotionEnded, PromotionBudgetExhausted)
AGREED: tuple[type[Published], ...] = ()
