"""Pure rules of action plans: their moves, and those of their steps."""

from __future__ import annotations

from kit.errors import Conflict, Invalid
from kit.transitions import Move, Moves
from services.targets.action_plans.enums import ActionItemState, ActionPlanState

NOUN = "action-plan"
STEP = "action-step"
MAX_ITEMS = 100

_DRAFT, _ACTIVE, _DONE, _DROPPED = ActionPlanState
CHANGEABLE = (_DRAFT, _ACTIVE)
MOVES: Moves[ActionPlanState] = {
    "activate": Move((_DRAFT,), _ACTIVE),
    "complete": Move((_ACTIVE,), _DONE),
    "drop": Move((_DRAFT, _ACTIVE), _DROPPED),
}
ITEM_MOVES: Moves[ActionItemState] = {
    "complete": Move((ActionItemState.OPEN,), ActionItemState.DONE),
    "drop": Move((ActionItemState.OPEN,), ActionItemState.DROPPED),
    "reopen": Move((ActionItemState.DONE, ActionItemState.DROPPED), ActionItemState.OPEN),
}
"""Of steps, and of whatever else has an owner and a day."""


class StepsOpen(Conflict):
    code, title = "steps-open", "What is not done is done or dropped first"


class KeyTwice(Invalid):
    code, title = "key-twice", "A key names one of them"
