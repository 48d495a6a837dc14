"""Pure rules of targets: periods, horizons, stretches and transitions."""

from __future__ import annotations

from datetime import date

from kit.errors import Conflict, FieldError, Invalid, StateConflict
from kit.money import SHARE_WHOLE, ratio
from kit.transitions import Move, Moves
from services.targets.targets.enums import Horizon, TargetState

NOUN = "target"
MAX_DAYS = 3_660
SHORT_DAYS, MEDIUM_DAYS = 366, 1_096

_DRAFT, _PROPOSED, _APPROVED = TargetState.DRAFT, TargetState.PROPOSED, TargetState.APPROVED
CUSTOMER_TYPES = frozenset({"new", "existing", "dormant"})
"""What customer says of the account of an order on its day."""
OPEN = (_DRAFT, _PROPOSED, _APPROVED)
"""What does not count yet."""

MOVES: Moves[TargetState] = {
    "update": Move(OPEN, _DRAFT),
    "propose": Move((_DRAFT,), _PROPOSED),
    "withdraw": Move((_PROPOSED,), _DRAFT),
    "reject": Move((_PROPOSED,), _DRAFT),
    "approve": Move((_PROPOSED,), _APPROVED),
    "activate": Move((_DRAFT, _APPROVED), TargetState.ACTIVE),
    "close": Move((*OPEN, TargetState.ACTIVE), TargetState.CLOSED),
}


class TargetPeriodInvalid(Invalid):
    code, title = "target-period-invalid", "The period is not valid"


class StretchBelowAmount(Invalid):
    code, title = "stretch-below-amount", "The stretch is less than the amount"


class AmountInvalid(Invalid):
    code, title = "amount-invalid", "A sum has an amount; a ratio a rate, or an amount and a base"


class SecondPersonNeeded(Conflict):
    code, title = "second-person-needed", "Somebody else, who leads the parent's unit or one above it, must decide"


class NotApproved(Conflict):
    code, title = "not-approved", "The policy asks for an approval of the target and of everything below it"


class BalancingTarget(Conflict):
    code, title = "balancing-target", "It holds a difference between others and is nobody's"


class NeedsPlan(Conflict):
    code, title = "needs-plan", "What is active and was approved changes by a plan only"


class TargetOfPlan(Conflict):
    code, title = "target-of-plan", "What belongs to a plan moves with it"


class PlanOnly(Invalid):
    code, title = "plan-only", "Only in a plan are targets locked, and given a reason"


def check_period(start: date, end: date) -> None:
    """A period ends on or after its start and has at most ten years. Raises TargetPeriodInvalid."""
    if end < start:
        raise TargetPeriodInvalid(errors=[FieldError("/period_end", "before-start", "ends before it starts")])
    if (end - start).days >= MAX_DAYS:
        raise TargetPeriodInvalid(errors=[FieldError("/period_end", "too-long", f"at most {MAX_DAYS} days")])


def check_stretch(amount: int, stretch: int | None) -> None:
    """A stretch is at least the amount. Raises StretchBelowAmount."""
    if stretch is not None and stretch < amount:
        raise StretchBelowAmount(errors=[FieldError("/stretch", "below-amount", f"the amount is {amount}")])


def horizon_of(start: date, end: date) -> Horizon:
    """The horizon of a period, both ends included."""
    days = (end - start).days + 1
    return Horizon.SHORT if days <= SHORT_DAYS else Horizon.MEDIUM if days <= MEDIUM_DAYS else Horizon.LONG


def rate_of(amount: int, base: int | None) -> int | None:
    """The planned rate in millionths; None of what is no ratio."""
    return ratio(amount, SHARE_WHOLE, base) if base else None


def check_parent(state: TargetState) -> None:
    """A child becomes active after its parent. Raises StateConflict with the state of the parent."""
    if state is not TargetState.ACTIVE:
        raise StateConflict(NOUN, "activating a child", state, [TargetState.ACTIVE])


def check_owned(is_balancing: bool) -> None:
    """What holds a difference takes no commits, no changes and no split. Raises BalancingTarget."""
    if is_balancing:
        raise BalancingTarget


def check_open(state: TargetState) -> None:
    """What is not closed may be decomposed, and stays as it is. Raises StateConflict."""
    if state is TargetState.CLOSED:
        raise StateConflict(NOUN, "decompose", state, [*OPEN, TargetState.ACTIVE])
