"""States of an order and the words of the credit answer."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class OrderState(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    PLACED = "placed"
    ON_HOLD = "on_hold"
    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class CheckState(StrEnum):
    """What became of a check of a placement."""

    PENDING = "pending"
    PASSED = "passed"
    REFUSED = "refused"
    DROPPED = "dropped"


class OrderAction(StrEnum):
    """What a command, or an answer to a placement, does to an order."""

    PLACE = "place"
    CONFIRM = "confirm"
    HOLD = "hold"
    FULFIL = "fulfil"
    CLOSE = "close"
    CANCEL = "cancel"


class AnswerKind(StrEnum):
    """Which of the two answers a placement got."""

    RESERVED = "reserved"
    REFUSED = "refused"


class Decision(StrEnum):
    """Who decided: the rule, or an officer against the rule."""

    AUTOMATIC = "automatic"
    OVERRIDE = "override"


TRANSITIONS: Mapping[tuple[OrderState, OrderAction], OrderState] = MappingProxyType(
    {
        (OrderState.DRAFT, OrderAction.PLACE): OrderState.PLACED,
        (OrderState.DRAFT, OrderAction.CANCEL): OrderState.CANCELLED,
        (OrderState.PLACED, OrderAction.CONFIRM): OrderState.CONFIRMED,
        (OrderState.PLACED, OrderAction.HOLD): OrderState.ON_HOLD,
        (OrderState.ON_HOLD, OrderAction.CONFIRM): OrderState.CONFIRMED,
        (OrderState.ON_HOLD, OrderAction.PLACE): OrderState.PLACED,
        (OrderState.ON_HOLD, OrderAction.CANCEL): OrderState.CANCELLED,
        (OrderState.CONFIRMED, OrderAction.FULFIL): OrderState.FULFILLED,
        (OrderState.FULFILLED, OrderAction.CLOSE): OrderState.CLOSED,
    }
)

RETURNABLE = frozenset({OrderState.CONFIRMED, OrderState.FULFILLED, OrderState.CLOSED})
"""States in which goods may come back: the order was confirmed once."""

DECIDING = frozenset({OrderState.PLACED, OrderState.ON_HOLD})
"""States that others end: what needs a confirmed order may succeed later."""
