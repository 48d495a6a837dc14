"""Pure rules of targets: periods and transitions."""

from __future__ import annotations

from datetime import date

from kit.errors import FieldError, Invalid, StateConflict
from kit.transitions import Move, Moves
from services.targets.targets.enums import TargetState

NOUN = "target"
MAX_DAYS = 3_660

MOVES: Moves[TargetState] = {
    "update": Move((TargetState.DRAFT,), TargetState.DRAFT),
    "activate": Move((TargetState.DRAFT,), TargetState.ACTIVE),
    "close": Move((TargetState.DRAFT, TargetState.ACTIVE), TargetState.CLOSED),
}


class TargetPeriodInvalid(Invalid):
    code, title = "target-period-invalid", "The period is not valid"


def check_period(start: date, end: date) -> None:
    """A period ends on or after its start and has at most ten years. Raises TargetPeriodInvalid."""
    if end < start:
        raise TargetPeriodInvalid(errors=[FieldError("/period_end", "before-start", "ends before it starts")])
    if (end - start).days >= MAX_DAYS:
        raise TargetPeriodInvalid(errors=[FieldError("/period_end", "too-long", f"at most {MAX_DAYS} days")])


def check_parent(state: TargetState) -> None:
    """A child becomes active after its parent. Raises StateConflict with the state of the parent."""
    if state is not TargetState.ACTIVE:
        raise StateConflict(NOUN, "activating a child", state, [TargetState.ACTIVE])


def check_open(state: TargetState) -> None:
    """What is not closed may be decomposed, and stays as it is. Raises StateConflict."""
    if state is TargetState.CLOSED:
        raise StateConflict(NOUN, "decompose", state, [TargetState.DRAFT, TargetState.ACTIVE])
