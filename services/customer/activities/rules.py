"""Pure rules of activities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from kit.errors import FieldError, Invalid, StateConflict
from kit.transitions import Move, Moves
from services.customer.activities.enums import ActivityState

MOVES: Moves[ActivityState] = {
    "complete": Move((ActivityState.PLANNED,), ActivityState.COMPLETED),
    "cancel": Move((ActivityState.PLANNED,), ActivityState.CANCELLED),
}


def check_open(state: ActivityState, changed: Collection[str]) -> None:
    """What is completed takes notes and nothing else, what is cancelled takes nothing; raises StateConflict."""
    if state == ActivityState.PLANNED or (state == ActivityState.COMPLETED and set(changed) <= {"notes"}):
        return
    raise StateConflict("activity", "change", state, (ActivityState.PLANNED,))


def check_times(started_at: datetime | None, ended_at: datetime, now: datetime) -> None:
    """Nothing ends after now, or before it began; raises Invalid."""
    if ended_at > now:
        raise Invalid("ends after now", errors=[FieldError("/ended_at", "in-future", "not after now")])
    if started_at is not None and ended_at < started_at:
        raise Invalid("ends before it began", errors=[FieldError("/ended_at", "before-start", "not before started_at")])
