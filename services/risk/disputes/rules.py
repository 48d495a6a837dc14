"""Pure rules of disputes: moves, limitation, what of an order can be disputed, what an outcome has cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid
from kit.transitions import Move, Moves
from services.risk.disputes.enums import DisputeState
from services.risk.obligations.rules import add_months
from services.risk.policies.rules import DateOrder, FutureDate

_OPENED, _NEGOTIATING, _MEDIATED, _LITIGATED, _SETTLED, _JUDGED, _CLOSED = DisputeState

MOVES: Moves[DisputeState] = {
    "negotiate": Move((_OPENED,), _NEGOTIATING),
    "mediate": Move((_NEGOTIATING,), _MEDIATED),
    "litigate": Move((_NEGOTIATING, _MEDIATED), _LITIGATED),
    "settle": Move((_NEGOTIATING, _MEDIATED, _LITIGATED), _SETTLED),
    "judge": Move((_LITIGATED,), _JUDGED),
    "close": Move((_SETTLED, _JUDGED), _CLOSED),
}
LIVING = tuple(state for state in DisputeState if state is not _CLOSED)
LIMITATION_MONTHS = 36


class OpenExceeded(Conflict):
    code, title = "open-exceeded", "More would be disputed of an order than is open of it"


class NothingDisputed(Invalid):
    code, title = "nothing-disputed", "A dispute is about a contract, orders, or both"


class DifferentParties(Invalid):
    code, title = "different-parties", "A dispute is with one account or partner"


class Room(NamedTuple):
    """What is open of an order, and what others dispute of it."""

    open: int
    disputed: int


class Asked(NamedTuple):
    """What is to be disputed of an order."""

    order_id: UUID
    amount: int


class DisputeLoss(NamedTuple):
    """What a dispute has cost, and what came in by it."""

    gross: int
    recoveries: int


def limitation_of(known_on: date) -> date:
    """The last day on which a claim can be brought: three years after it was known (Civil Code of the PRC, 188)."""
    return add_months(known_on, LIMITATION_MONTHS)


def check_dispute_days(known_on: date, opened_on: date, limitation_on: date, today: date) -> None:
    """A claim was known, then disputed, neither of them ahead. Raises FutureDate, DateOrder."""
    for pointer, day in (("/known_on", known_on), ("/opened_on", opened_on)):
        if day > today:
            raise FutureDate(errors=[FieldError(pointer, FutureDate.code, f"today is {today}")])
    for pointer, day in (("/opened_on", opened_on), ("/limitation_on", limitation_on)):
        if day < known_on:
            raise DateOrder(errors=[FieldError(pointer, DateOrder.code, f"lies before {known_on}")])


def check_room(asked: Sequence[Asked], rooms: Sequence[Room]) -> None:
    """All disputes of an order together stay within what is open of it. Raises OpenExceeded, naming the orders."""
    faults = [
        FieldError(f"/orders/{number}/amount", OpenExceeded.code, f"at most {max(0, room.open - room.disputed)}")
        for number, (one, room) in enumerate(zip(asked, rooms, strict=True))
        if one.amount > room.open - room.disputed
    ]
    if faults:
        raise OpenExceeded(errors=faults)


def check_once(asked: Sequence[Asked]) -> None:
    """Each order is named once. Raises Invalid."""
    seen: set[UUID] = set()
    for number, one in enumerate(asked):
        if one.order_id in seen:
            raise Invalid(errors=[FieldError(f"/orders/{number}/order_id", "duplicate", "named before")])
        seen.add(one.order_id)


def loss_of(outcome: int, costs: int) -> DisputeLoss | None:
    """The loss of an outcome, paid (positive) or got (negative), with the costs of getting there; None where nothing is
    lost on balance."""
    if outcome + costs <= 0:
        return None
    return DisputeLoss(max(0, outcome) + costs, max(0, -outcome))
