"""Pure rules of opportunities."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from kit.errors import Conflict, FieldError, Forbidden, Invalid, StateConflict
from kit.money import MAX_AMOUNT, SHARE_WHOLE, convert, ratio
from kit.transitions import Move, Moves
from services.customer.opportunities.enums import OpportunityState

MOVES: Moves[OpportunityState] = {
    "move": Move((OpportunityState.OPEN,), OpportunityState.OPEN),
    "win": Move((OpportunityState.OPEN,), OpportunityState.WON),
    "lose": Move((OpportunityState.OPEN,), OpportunityState.LOST),
    "reopen": Move((OpportunityState.WON, OpportunityState.LOST), OpportunityState.OPEN),
}
DECIDED = {OpportunityState.WON: SHARE_WHOLE, OpportunityState.LOST: 0}
"""Probability of what is closed, in millionths."""
KEPT = frozenset({"probability", "forecast_category"})
"""What a closed opportunity keeps."""


class StageOrder(Invalid):
    """A step lies before the one that it follows."""

    code, title = "stage-order", "The step lies before the latest one"


class StageConflict(Conflict):
    """The opportunity stands in another stage than the caller thought, or in the one it is moved to."""

    code, title = "opportunity-stage", "The opportunity does not stand in that stage"


class NotOfThePast(Forbidden):
    """A moment that has passed needs a permission."""

    def __init__(self, pointer: str) -> None:
        detail = "what has passed needs the permission opportunities:backdate"
        super().__init__(detail, errors=[FieldError(pointer, self.code, detail)])


def moment_of(at: datetime | None, now: datetime, *, may_backdate: bool, pointer: str = "/at") -> datetime:
    """When something happened, now unless said; raises Invalid for what is to come, NotOfThePast."""
    if at is None:
        return now
    if at > now:
        raise Invalid("not after now", errors=[FieldError(pointer, "in-future", "not after now")])
    if at < now and not may_backdate:
        raise NotOfThePast(pointer)
    return at


def step_at(at: datetime | None, last: datetime, now: datetime, *, may_backdate: bool) -> datetime:
    """When a step was taken that follows one at `last`; raises StageOrder, and what `moment_of` raises.

    Without a moment it is now, or with the step before where another machine's clock is ahead.
    """
    if at is None:
        return max(now, last)
    found = moment_of(at, now, may_backdate=may_backdate)
    if found < last:
        detail = f"not before {last.isoformat()}"
        raise StageOrder(detail, errors=[FieldError("/at", StageOrder.code, detail)])
    return found


def check_stage(stage: str, target: str, seen: str | None) -> None:
    """Raises StageConflict when the opportunity stands in the stage that it is to be moved to, or not in the one where
    the caller saw it."""
    if seen is not None and stage != seen:
        raise StageConflict(f"it stands in stage {stage}", extra={"stage": stage})
    if stage == target:
        raise StageConflict(f"it stands in stage {stage} already", extra={"stage": stage})


def check_kept(state: OpportunityState, changed: Collection[str]) -> None:
    """What is won or lost keeps its probability and how it counts; raises StateConflict."""
    if state != OpportunityState.OPEN and KEPT & set(changed):
        raise StateConflict("opportunity", "another probability", state, (OpportunityState.OPEN,))


def in_base(amount: int, currency: str, rate: str, base_currency: str) -> int:
    """An amount in minor units of the base currency, half-even; raises Invalid for more than any amount may be."""
    worth = convert(amount, currency, rate, base_currency)
    if worth > MAX_AMOUNT:
        detail = f"in {base_currency} it passes {MAX_AMOUNT}"
        raise Invalid(detail, errors=[FieldError("/amount", "amount-overflow", detail)])
    return worth


def weighted(amount_base: int, probability: int) -> int:
    """What an opportunity is worth by its probability (millionths), half-even.

    >>> weighted(137_005, 100_000)
    13700
    """
    return ratio(amount_base, probability, SHARE_WHOLE)
