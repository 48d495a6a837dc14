"""Pure rules of targets: periods and transitions."""

from __future__ import annotations

from datetime import date

from kit.errors import Conflict, FieldError, Invalid
from services.targets.targets.enums import TargetState

MAX_DAYS = 3_660


class TargetPeriodInvalid(Invalid):
    code, title = "target-period-invalid", "The period is not valid"


class TargetStateConflict(Conflict):
    code, title = "target-state", "The state of the target does not allow this"


def check_period(start: date, end: date) -> None:
    """A period ends on or after its start and has at most ten years. Raises TargetPeriodInvalid."""
    if end < start:
        raise TargetPeriodInvalid(errors=[FieldError("/period_end", "before-start", "ends before it starts")])
    if (end - start).days >= MAX_DAYS:
        raise TargetPeriodInvalid(errors=[FieldError("/period_end", "too-long", f"at most {MAX_DAYS} days")])


def check_activation(state: TargetState, parent_state: TargetState | None) -> None:
    """Drafts become active; a child after its parent. Raises TargetStateConflict."""
    if state is not TargetState.DRAFT:
        raise TargetStateConflict(f"the target is {state}, not draft")
    if parent_state is not None and parent_state is not TargetState.ACTIVE:
        raise TargetStateConflict(f"the parent target is {parent_state}, not active")


def check_closing(state: TargetState) -> None:
    """What is not closed may be closed. Raises TargetStateConflict."""
    if state is TargetState.CLOSED:
        raise TargetStateConflict("the target is closed already")


def check_change(state: TargetState) -> None:
    """Only drafts change. Raises TargetStateConflict."""
    if state is not TargetState.DRAFT:
        raise TargetStateConflict(f"the target is {state}, not draft")
