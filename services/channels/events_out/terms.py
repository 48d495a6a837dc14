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


class TermsPart(Part):
    """Of a promotion by a line, in base currency; `quantity` are the pieces of the line."""

    line_no: int
    promotion_id: UUID
    quantity: int
    amount_base: int


class ReservedPromotion(Part):
    """What the order takes of a promotion: one use, and of the budget in base currency."""

    promotion_id: UUID
    amount_base: int


class TermsPoints(Part):
    """Points of a member that a confirmed order has used."""

    points_account_id: UUID
    programme_id: UUID
    points: int


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


_PART: dict[str, Any] = {"line_no": 1, "promotion_id": sample_id("b5"), "quantity": 3, "amount_base": 10}


class TermsReserved(Published, TermsFact):
    """The terms of a placement hold; budgets, uses and points are reserved."""

    promotions: list[ReservedPromotion]
    points: int
    source_event_id: UUID
    parts: list[TermsPart] | None = None

    TYPE: ClassVar[str] = "channels.terms.reserved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "promotions": [{"promotion_id": sample_id("b5"), "amount_base": 10}],
        "points": 0,
        "source_event_id": sample_id("e1"),
        "parts": [_PART],
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


class TermsCommitted(Published, TermsFact):
    """A confirmed order has what was reserved for it; `is_overdrawn`: nothing was reserved any more.

    `points_beside` are points of other members that are one with that of `points` by a merge.
    """

    parts: list[TermsPart]
    is_overdrawn: bool
    source_event_id: UUID
    points: TermsPoints | None = None
    points_beside: list[TermsPoints] | None = None

    TYPE: ClassVar[str] = "channels.terms.committed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "parts": [_PART],
        "is_overdrawn": False,
        "source_event_id": sample_id("e2"),
        "points": {"points_account_id": sample_id("b8"), "programme_id": sample_id("b9"), "points": 100},
        "points_beside": [{"points_account_id": sample_id("bd"), "programme_id": sample_id("b9"), "points": 20}],
    }


class TermsGivenBack(Published, TermsFact):
    """Promotions have back what an order does not keep: of what was reserved, or (`is_committed`) committed.

    `promotions_used` are those of which a use comes back: with a whole order. `thresholds_broken` are those whose
    threshold what is kept does not reach any more; what they gave of it is kept as well.
    """

    reason: Literal["cancelled", "superseded", "held", "returned"]
    is_committed: bool
    parts: list[TermsPart]
    promotions_used: list[UUID]
    source_event_id: UUID
    thresholds_broken: list[UUID] | None = None

    TYPE: ClassVar[str] = "channels.terms.given_back.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "reason": "returned",
        "is_committed": True,
        "parts": [{**_PART, "amount_base": 3}],
        "promotions_used": [],
        "source_event_id": sample_id("e3"),
        "thresholds_broken": [sample_id("b5")],
    }


PUBLISHED: tuple[type[Published], ...] = (
    TermsReserved,
    TermsRefused,
    TermsReleased,
    TermsCommitted,
    TermsGivenBack,
)
AGREED: tuple[type[Published], ...] = ()
