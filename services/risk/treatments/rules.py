"""Pure rules of treatments: moves, days, what stands in the way."""

from __future__ import annotations

from datetime import date

from kit.errors import Conflict, FieldError, Invalid
from kit.transitions import Move, Moves
from services.risk.obligations.rules import add_months
from services.risk.policies.rules import DateOrder, FutureDate
from services.risk.treatments.enums import RiskResponse, TreatmentSimulationState, TreatmentState

_PLANNED, _APPROVED, _IN_PROGRESS, _COMPLETED, _VERIFIED, _CANCELLED, _EXPIRED = TreatmentState

MOVES: Moves[TreatmentState] = {
    "approve": Move((_PLANNED,), _APPROVED),
    "start": Move((_APPROVED,), _IN_PROGRESS),
    "complete": Move((_IN_PROGRESS,), _COMPLETED),
    "verify": Move((_COMPLETED,), _VERIFIED),
    "cancel": Move((_PLANNED, _APPROVED, _IN_PROGRESS), _CANCELLED),
}
EXPIRY: Moves[TreatmentState] = {"expire": Move((_APPROVED,), _EXPIRED)}
"""What the day after an acceptance does."""
CHANGEABLE = (_PLANNED,)
ENDS: Moves[TreatmentSimulationState] = {
    "complete": Move((TreatmentSimulationState.RUNNING,), TreatmentSimulationState.COMPLETED),
    "fail": Move((TreatmentSimulationState.RUNNING,), TreatmentSimulationState.FAILED),
    "cancel": Move((TreatmentSimulationState.RUNNING,), TreatmentSimulationState.CANCELLED),
}
YEAR = 12


class AcceptanceOnly(Conflict):
    code, title = "treatment-accepts", "An acceptance is approved and expires; nothing of it is started"


class NotObserved(Conflict):
    code, title = "treatment-not-observed", "The 12 months after the completion are not over"


class SimulationRunning(Conflict):
    code, title = "simulation-running", "A simulation of the treatment is running"


class NothingToSimulate(Invalid):
    code, title = "scenario-missing", "The risk has no active scenario"


def check_expiry(expires_on: date, today: date) -> None:
    """An acceptance holds from today on, for a year at most; raises DateOrder."""
    last = add_months(today, YEAR)
    if not today <= expires_on <= last:
        detail = f"expected a day from {today} to {last}"
        raise DateOrder(errors=[FieldError("/effect/expires_on", DateOrder.code, detail)])


def check_day(day: date, today: date, started_on: date | None = None) -> None:
    """The day that something was started or completed on; raises FutureDate, DateOrder for one before the start."""
    if day > today:
        raise FutureDate(errors=[FieldError("/on", FutureDate.code, f"today is {today}")])
    if started_on is not None and day < started_on:
        raise DateOrder(errors=[FieldError("/on", DateOrder.code, f"started on {started_on}")])


def check_startable(response: RiskResponse) -> None:
    """Raises AcceptanceOnly."""
    if response is RiskResponse.ACCEPT:
        raise AcceptanceOnly


def observed(completed_on: date, today: date) -> tuple[date, date]:
    """The first day of the 12 months before a completion, and the day after the 12 months from it on.

    Raises NotObserved.
    """
    until = add_months(completed_on, YEAR)
    if today < until:
        raise NotObserved(f"they are over on {until}", extra={"from": str(until)})
    return add_months(completed_on, -YEAR), until
