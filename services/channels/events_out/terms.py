"""Terms: the answer to a placement that asks for this check. Key: the order's stream key."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id

RefusalReason = Literal[
    "quote-unknown",
    "quote-changed",
    "quote-expired",
    "below-floor",
    "budget-exhausted",
    "uses-exhausted",
    "points-short",
    "coupon-invalid",
    "promotion-ended",
]


class TermsFact(Part):
    """Common part: the order, the placement it answers, what caused it."""

    SUBJECT: ClassVar[str] = "order_id"
    KEY: ClassVar[str] = "stream_key"

    order_id: UUID
    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    placement: int
    quote_id: UUID | None
    currency: str
    business_date: date


class ReservedPromotion(Part):
    """What the order takes of a promotion: one use, and of the budget in base currency."""

    promotion_id: UUID
    amount_base: int


_FACT: dict[str, Any] = {
    "order_id": sample_id("2"),
    "account_id": sample_id("1"),
    "stream_key": sample_id("1"),
    "owner_id": sample_id("a1"),
    "placement": 1,
    "quote_id": sample_id("b4"),
    "currency": "USD",
    "business_date": "2026-02-14",
}


class TermsReserved(Published, TermsFact):
    """The terms of a placement hold; budgets, uses and points are reserved."""

    promotions: list[ReservedPromotion]
    points: int
    source_event_id: UUID

    TYPE: ClassVar[str] = "channels.terms.reserved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "promotions": [{"promotion_id": sample_id("b5"), "amount_base": 10}],
        "points": 0,
        "source_event_id": sample_id("e1"),
    }


class TermsRefused(Published, TermsFact):
    """The terms of a placement do not hold: the first `reason`; `detail` says more where there is more to say."""

    reason: RefusalReason
    detail: ReasonCode | None
    line_no: int | None
    source_event_id: UUID

    TYPE: ClassVar[str] = "channels.terms.refused.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "reason": "quote-changed",
        "detail": "quote-used",
        "line_no": 1,
        "source_event_id": sample_id("e1"),
    }


class TermsReleased(Published, TermsFact):
    """What a placement on hold has reserved is to be given up, after 72 hours or by hand.

    It counts only while the placement is the current one and on hold; nothing is freed before the order says so.
    """

    reason: ReasonCode

    TYPE: ClassVar[str] = "channels.terms.released.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_FACT, "reason": "hold_too_long"}


PUBLISHED: tuple[type[Published], ...] = ()
AGREED: tuple[type[Published], ...] = (TermsReserved, TermsRefused, TermsReleased)
