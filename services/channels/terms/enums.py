"""What became of the terms of a placement, why they were refused, why they were given up."""

from __future__ import annotations

from enum import StrEnum


class ReservationState(StrEnum):
    """Reserved until the order is confirmed (committed), or given up (freed)."""

    RESERVED = "reserved"
    REFUSED = "refused"
    COMMITTED = "committed"
    FREED = "freed"


class Refusal(StrEnum):
    """Why terms do not hold: the first that is found, in this order."""

    QUOTE_UNKNOWN = "quote-unknown"
    QUOTE_CHANGED = "quote-changed"
    QUOTE_EXPIRED = "quote-expired"
    PROMOTION_ENDED = "promotion-ended"
    COUPON_INVALID = "coupon-invalid"
    BELOW_FLOOR = "below-floor"
    USES_EXHAUSTED = "uses-exhausted"
    BUDGET_EXHAUSTED = "budget-exhausted"
    POINTS_SHORT = "points-short"


class Cause(StrEnum):
    """Why something is given back."""

    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    HELD = "held"
    RETURNED = "returned"
