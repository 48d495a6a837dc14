"""Pure rules of obligations: recurring dates, rest days, what is filled by when, what a day brings about."""

from __future__ import annotations

from bisect import bisect_right
from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

from kit.errors import Conflict, FieldError, Invalid
from kit.transitions import Move, Moves
from services.risk.obligations.enums import ObligationKind, ObligationState, Side

_PENDING, _LATE, _MET, _WAIVED = ObligationState

MOVES: Moves[ObligationState] = {
    "meet": Move((_PENDING, _LATE), _MET),
    "waive": Move((_PENDING, _LATE), _WAIVED),
}
"""What commands do; dates make an obligation late, facts of orders meet it or open it again."""

MOST_OCCURRENCES = 120
BY_FACTS = {
    (ObligationKind.DELIVERY, Side.US),
    (ObligationKind.PAYMENT, Side.THEM),
    (ObligationKind.VOLUME, Side.THEM),
}
"""What orders that name the contract fill; everything else somebody says to be met."""
SUMS = (ObligationKind.DELIVERY, ObligationKind.PAYMENT, ObligationKind.VOLUME)
DAY = timedelta(days=1)


class RecurrenceTooLong(Invalid):
    code, title = "recurrence-too-long", f"An obligation recurs at most {MOST_OCCURRENCES} times"


class AmountMissing(Invalid):
    code, title = "amount-missing", "Deliveries, payments and volumes have an amount, other obligations none"


class MetByFacts(Conflict):
    code, title = "met-by-facts", "Orders and payments meet this obligation"


class Claim(NamedTuple):
    """An obligation of a sum; with `until`, what comes on later days does not count for it."""

    id: UUID
    due_on: date
    amount: int
    until: date | None = None


class Dated(NamedTuple):
    """What was delivered, bought or paid (negative: taken back) on a day."""

    day: date
    amount: int


def add_months(anchor: date, months: int) -> date:
    """The same day `months` later; a day that the month lacks is its last: 01-31, 1 -> 02-28."""
    years, month = divmod(anchor.month - 1 + months, 12)
    year, number = anchor.year + years, month + 1
    return date(year, number, min(anchor.day, monthrange(year, number)[1]))


def occurrences(anchor: date, every_months: int, until: date) -> list[date]:
    """The days of a recurring obligation, counted from the anchor; raises RecurrenceTooLong."""
    found = [anchor]
    while (day := add_months(anchor, len(found) * every_months)) <= until:
        if len(found) == MOST_OCCURRENCES:
            raise RecurrenceTooLong(errors=[FieldError("/recurrence", RecurrenceTooLong.code, f"until {until}")])
        found.append(day)
    return found


def met_days(claims: Iterable[Claim], moves: Iterable[Dated]) -> dict[UUID, date]:
    """On which day each claim was met, of those that are: sums fill claims in the order of their due days, and a claim
    is met since the day from which on the sum has covered it and all before it."""
    by_day: dict[date, int] = {}
    for move in moves:
        by_day[move.day] = by_day.get(move.day, 0) + move.amount
    days = sorted(by_day)
    sums = list(accumulate(by_day[day] for day in days))
    met: dict[UUID, date] = {}
    needed = 0
    for claim in sorted(claims, key=lambda one: (one.due_on, one.id)):
        needed += claim.amount
        count = len(days) if claim.until is None else bisect_right(days, claim.until)
        since = _since(sums[:count], needed)
        if since is not None:
            met[claim.id] = days[since]
    return met


def _since(sums: Sequence[int], needed: int) -> int | None:
    """Where the last run of sums begins that reach `needed`; None when the last one does not."""
    index = len(sums)
    while index and sums[index - 1] >= needed:
        index -= 1
    return index if index < len(sums) else None


def days_late(met_on: date, due_on: date) -> int:
    """Days after the due day, at least 0: 07-05 for 06-30 is 5."""
    return max(0, (met_on - due_on).days)


def warn_day(due_on: date, lead_days: int) -> date:
    """When it is said that an obligation is due."""
    return due_on - timedelta(lead_days)


def next_day(state: ObligationState, due_on: date, lead_days: int, *, is_warned: bool) -> date | None:
    """The day on which something is to be said of an obligation; None when nothing will."""
    if state is not _PENDING:
        return None
    return due_on + DAY if is_warned else warn_day(due_on, lead_days)
