"""States of indicators, and what their days are counted of."""

from __future__ import annotations

from enum import StrEnum


class IndicatorState(StrEnum):
    """Only what is active is evaluated."""

    ACTIVE = "active"
    PAUSED = "paused"


class TallyKind(StrEnum):
    """What days are counted of."""

    PLACED = "placed"
    CANCELLED = "cancelled"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    PROMOTER = "promoter"
    DETRACTOR = "detractor"
    ANSWER = "answer"
