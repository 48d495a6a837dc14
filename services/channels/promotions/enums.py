"""What promotions are for, of which kind, and their states."""

from __future__ import annotations

from enum import StrEnum


class PromotionGoal(StrEnum):
    """What a promotion is to raise."""

    SALES = "sales"
    SHARE = "share"
    BRAND = "brand"


class PromotionKind(StrEnum):
    """What a promotion is called; it says which rewards and conditions it has."""

    CASH_OFF = "cash_off"
    PROMPT_PAYMENT = "prompt_payment"
    QUANTITY = "quantity"
    SEASONAL = "seasonal"
    LIMITED_TIME = "limited_time"
    GIFT = "gift"
    BUNDLE = "bundle"
    NTH_PIECE = "nth_piece"
    SPEND = "spend"
    FIRST_ORDER = "first_order"
    QUIET = "quiet"
    HIGH_VALUE = "high_value"
    MEMBER_PRICE = "member_price"
    COUPON = "coupon"


class PromotionState(StrEnum):
    """A draft may change. Approved: about to be scheduled or active by its windows. Ended: for good."""

    DRAFT = "draft"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
