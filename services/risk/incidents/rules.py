"""Pure rules of incidents: moves, order of their days, what came back of a loss."""

from __future__ import annotations

from datetime import date

from kit.errors import FieldError, Invalid
from kit.transitions import Move, Moves
from services.risk.incidents.enums import IncidentState
from services.risk.policies.rules import DateOrder, FutureDate

_RECORDED, _ANALYSED, _CLOSED = IncidentState

MOVES: Moves[IncidentState] = {
    "analyse": Move((_RECORDED,), _ANALYSED),
    "close": Move((_ANALYSED,), _CLOSED),
}


class RecoveriesExceedLoss(Invalid):
    code, title = "recoveries-exceed-loss", "More came back than was lost"


def check_days(occurred_on: date, discovered_on: date, today: date) -> None:
    """Raises FutureDate, DateOrder for what was discovered before it occurred."""
    days = (("/occurred_on", occurred_on), ("/discovered_on", discovered_on))
    late = [FieldError(pointer, FutureDate.code, f"lies after {today}") for pointer, day in days if day > today]
    if late:
        raise FutureDate(errors=late)
    if discovered_on < occurred_on:
        detail = f"discovered on {discovered_on}, before it occurred"
        raise DateOrder(errors=[FieldError("/discovered_on", DateOrder.code, detail)])


def check_recoveries(gross_loss: int, recoveries: int) -> None:
    """A loss is never negative on balance; raises RecoveriesExceedLoss."""
    if recoveries > gross_loss:
        detail = f"{recoveries} of {gross_loss}"
        raise RecoveriesExceedLoss(errors=[FieldError("/recoveries", RecoveriesExceedLoss.code, detail)])
