"""What moved points of a member, and where an adjustment stands."""

from __future__ import annotations

from enum import StrEnum


class PointsKind(StrEnum):
    """What moved points: an order that was delivered, one that is paid with them, what came back of either, the last
    day of a lot, two people, a ticket of a draw."""

    EARNED = "earned"
    REDEEMED = "redeemed"
    REVERSED = "reversed"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"
    DRAWN = "drawn"


class AdjustmentState(StrEnum):
    """Asked for by one person, decided by another."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
