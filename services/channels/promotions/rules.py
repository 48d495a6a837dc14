"""Pure rules of promotions: states, where dates lead, what a kind may have."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from kit.errors import Conflict
from kit.transitions import Move, Moves
from services.channels.evaluator.rewards import Condition, Window
from services.channels.promotions.enums import PromotionKind, PromotionState

_RUNNING = (PromotionState.APPROVED, PromotionState.SCHEDULED, PromotionState.ACTIVE)
_STANDING = (*_RUNNING, PromotionState.PAUSED)
MOVES: Moves[PromotionState] = {
    "replace": Move((PromotionState.DRAFT,), PromotionState.DRAFT),
    "approve": Move((PromotionState.DRAFT,), PromotionState.APPROVED),
    "pause": Move(_RUNNING, PromotionState.PAUSED),
    "resume": Move((PromotionState.PAUSED,), PromotionState.APPROVED),
    "end": Move(_STANDING, PromotionState.ENDED),
}
CHANGEABLE = (PromotionState.DRAFT, *_STANDING)
"""States in which budget and uses may change."""
COUNTING = frozenset(_RUNNING)
"""States in which the evaluator looks at the windows."""
_ANY = frozenset(
    {
        "line_rate",
        "line_amount",
        "line_price",
        "ladder",
        "bundle",
        "nth_piece",
        "order_rate",
        "spend_steps",
        "spend_every",
        "gift",
    }
)
REWARDS: dict[PromotionKind, frozenset[str]] = {
    **dict.fromkeys(PromotionKind, _ANY),
    PromotionKind.CASH_OFF: frozenset({"line_rate", "line_amount", "order_rate"}),
    PromotionKind.PROMPT_PAYMENT: frozenset({"order_rate"}),
    PromotionKind.QUANTITY: frozenset({"ladder"}),
    PromotionKind.GIFT: frozenset({"gift"}),
    PromotionKind.BUNDLE: frozenset({"bundle"}),
    PromotionKind.NTH_PIECE: frozenset({"nth_piece"}),
    PromotionKind.SPEND: frozenset({"spend_steps", "spend_every"}),
    PromotionKind.MEMBER_PRICE: frozenset({"line_price"}),
}
"""Rewards that a kind may have."""
CONDITIONS = {
    PromotionKind.FIRST_ORDER: Condition.FIRST_ORDER,
    PromotionKind.QUIET: Condition.QUIET,
    PromotionKind.MEMBER_PRICE: Condition.MEMBER,
}


class SamePerson(Conflict):
    code, title = "same-person", "Somebody else than its author must decide"


class Course(NamedTuple):
    """A state that dates bring about, and the moment."""

    state: PromotionState
    at: datetime


def next_course(state: PromotionState, starts_at: datetime, ends_at: datetime | None, now: datetime) -> Course | None:
    """Where dates lead from a state next; what is approved goes on at once."""
    match state:
        case PromotionState.APPROVED if now < starts_at:
            return Course(PromotionState.SCHEDULED, now)
        case PromotionState.APPROVED:
            return Course(PromotionState.ACTIVE, now)
        case PromotionState.SCHEDULED:
            return Course(PromotionState.ACTIVE, starts_at)
        case PromotionState.ACTIVE if ends_at is not None:
            return Course(PromotionState.ENDED, ends_at)
        case _:
            return None


def span_of(windows: Sequence[Window]) -> tuple[datetime, datetime | None]:
    """The first start of windows, and their last end (None: one is open)."""
    ends = [one.end for one in windows]
    return min(one.start for one in windows), None if None in ends else max(end for end in ends if end is not None)
