"""States of an order, its checks and the words of their answers."""

from __future__ import annotations

from enum import StrEnum


class OrderState(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    PLACED = "placed"
    ON_HOLD = "on_hold"
    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class CheckKind(StrEnum):
    """What a placement is checked for: credit (asked of risk), terms (of channels)."""

    CREDIT = "credit"
    TERMS = "terms"


class PricePolicy(StrEnum):
    """Whether prices of an order without a quote are the seller's own (free), or kept above their floors (enforced)."""

    FREE = "free"
    ENFORCED = "enforced"


class CheckState(StrEnum):
    """What became of a check of a placement."""

    PENDING = "pending"
    PASSED = "passed"
    REFUSED = "refused"
    DROPPED = "dropped"


class AnswerKind(StrEnum):
    """What was answered to a check of a placement, or taken back later."""

    RESERVED = "reserved"
    REFUSED = "refused"
    RELEASED = "released"


class Decision(StrEnum):
    """Who decided: the rule, or an officer against the rule."""

    AUTOMATIC = "automatic"
    OVERRIDE = "override"


RETURNABLE = (OrderState.CONFIRMED, OrderState.FULFILLED, OrderState.CLOSED)
"""States in which goods may come back: the order was confirmed once."""

DECIDING = frozenset({OrderState.PLACED, OrderState.ON_HOLD})
"""States that others end: what needs a confirmed order may succeed later."""
