"""Pure rules of adjustments: their moves, what called for them, who decides."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid
from kit.transitions import Move, Moves
from services.targets.adjustments.enums import AdjustmentTrigger, SalesAdjustmentState

NOUN = "adjustment"
MEASURE = "adjustment-measure"
MAX_OVERLAPPING = 100

_DRAFT, _PROPOSED, _APPROVED, _EXECUTING, _EXECUTED, _MEASURED, _DROPPED = SalesAdjustmentState
MOVES: Moves[SalesAdjustmentState] = {
    "update": Move((_DRAFT, _PROPOSED, _APPROVED), _DRAFT),
    "propose": Move((_DRAFT,), _PROPOSED),
    "reject": Move((_PROPOSED,), _DRAFT),
    "approve": Move((_PROPOSED,), _APPROVED),
    "start": Move((_APPROVED,), _EXECUTING),
    "execute": Move((_APPROVED, _EXECUTING), _EXECUTED),
    "drop": Move((_DRAFT, _PROPOSED, _APPROVED, _EXECUTING), _DROPPED),
}
MEASURING: Moves[SalesAdjustmentState] = {"measure": Move((_EXECUTED,), _MEASURED)}
"""What the day does after which the effect can be measured."""
WORKED: Moves[SalesAdjustmentState] = {
    action: Move((_EXECUTING,), _EXECUTING) for action in ("complete", "drop", "reopen")
}
"""Measures are done, dropped and reopened while it is executed."""

_NAMED = {AdjustmentTrigger.ALERT: "alert_id", AdjustmentTrigger.RISK_ALERT: "risk_alert_id"}


class AdjustmentUnapproved(Conflict):
    """The author, the proposer and the owner approve nothing of their own."""

    code, title = "second-person-needed", "Somebody else than who proposed, wrote and owns it must decide"


class MeasuresOpen(Conflict):
    code, title = "measures-open", "What is not done is done or dropped first"


class TriggerUnnamed(Invalid):
    code, title = "trigger-unnamed", "What called for it is named, and nothing else"


def check_trigger(trigger: AdjustmentTrigger, alert_id: UUID | None, risk_alert_id: UUID | None) -> None:
    """An alert that called for it is named, and no other. Raises TriggerUnnamed."""
    wanted = _NAMED.get(trigger)
    for name, value in (("alert_id", alert_id), ("risk_alert_id", risk_alert_id)):
        if name == wanted and value is None:
            raise TriggerUnnamed(errors=[FieldError(f"/{name}", "missing", f"the trigger is {trigger}")])
        if name != wanted and value is not None:
            raise TriggerUnnamed(errors=[FieldError(f"/{name}", "excluded", f"the trigger is {trigger}")])


def check_second(subject: str, involved: Collection[str | None]) -> None:
    """Who decides proposed, wrote last and owns nothing of it. Raises AdjustmentUnapproved."""
    if subject in involved:
        raise AdjustmentUnapproved
