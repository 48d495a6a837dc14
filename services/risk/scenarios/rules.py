"""Pure rules of scenarios: moves, sources of losses, their days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from kit.errors import FieldError, Invalid
from kit.transitions import Move, Moves
from services.risk.policies.rules import DateOrder, FutureDate
from services.risk.scenarios.enums import LossSource, ScenarioState

_ACTIVE, _ARCHIVED = ScenarioState

MOVES: Moves[ScenarioState] = {
    "archive": Move((_ACTIVE,), _ARCHIVED),
    "restore": Move((_ARCHIVED,), _ACTIVE),
}
FILTERS: dict[LossSource, frozenset[str]] = {
    LossSource.INCIDENT: frozenset({"class", "risk_id"}),
    LossSource.DEFAULT: frozenset({"account_id", "partner_id"}),
    LossSource.RETURN: frozenset({"account_id", "partner_id"}),
    LossSource.CANCELLATION: frozenset({"account_id"}),
    LossSource.CHURNED_REVENUE: frozenset({"account_id"}),
    LossSource.REMEDY_COST: frozenset({"account_id"}),
}
"""What losses of a source are filtered by."""


def check_filter(source: LossSource, given: Collection[str]) -> None:
    """`given` names what losses are filtered by; raises Invalid for what the source has not."""
    if wrong := sorted(set(given) - FILTERS[source]):
        faults = [FieldError(f"/filter/{name}", "invalid", f"not known of {source}") for name in wrong]
        raise Invalid("the filter", errors=faults)


def check_window(first: date, last: date, today: date) -> None:
    """Raises FutureDate, DateOrder."""
    if last > today:
        raise FutureDate(errors=[FieldError("/to", FutureDate.code, f"lies after {today}")])
    if last < first:
        raise DateOrder(errors=[FieldError("/to", DateOrder.code, f"lies before {first}")])
