"""Pure rules of points: what an order earns, by line; what is taken from which lot; what comes back."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple, Protocol
from uuid import UUID

from kit.errors import Conflict, Invalid
from kit.money import SHARE_WHOLE, allocate, ratio
from kit.transitions import Move, Moves
from services.channels.points.enums import AdjustmentState

MOVES: Moves[AdjustmentState] = {
    "approve": Move((AdjustmentState.PENDING,), AdjustmentState.APPROVED),
    "reject": Move((AdjustmentState.PENDING,), AdjustmentState.REJECTED),
}


class SamePerson(Conflict):
    code, title = "same-person", "Somebody else than its author must decide"


class PointsShort(Conflict):
    code, title = "points-short", "The member does not have so many points"


class TooFewPoints(Invalid):
    """A quote asks for more points than its account may use."""

    code, title = "points-short", "The account does not have so many points"


class PointsUnfit(Invalid):
    code, title = "points-unfit", "So many points do not fit this quote"


class ProgrammeEnded(Conflict):
    code, title = "points-programme-ended", "The programme has ended"


class Rate(NamedTuple):
    """So many points for each `per_base` minor units of the base currency."""

    points: int
    per_base: int


class Sold(NamedTuple):
    """A line of an order as it earns: net in base currency, and how many times it counts, in millionths."""

    line_no: int
    sku: str
    quantity: int
    net_base: int
    factor: int = SHARE_WHOLE


class Lot(Protocol):
    """Points of one origin: those that expire first go first, then those earned first."""

    @property
    def id(self) -> UUID: ...
    @property
    def remaining(self) -> int: ...
    @property
    def earned_on(self) -> date: ...
    @property
    def expires_on(self) -> date: ...


class Factor(NamedTuple):
    """How many times a product counts, in millionths; neither skus nor lines: every one."""

    skus: frozenset[str]
    product_lines: frozenset[str]
    factor: int


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or its last.

    >>> months_later(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def factor_of(factors: Iterable[Factor], sku: str, product_line: str | None) -> int:
    """The largest factor of a product; of one that none names it is once."""
    found = [
        one.factor
        for one in factors
        if sku in one.skus or product_line in one.product_lines or not (one.skus or one.product_lines)
    ]
    return max(found, default=SHARE_WHOLE)


def earned(lines: Sequence[Sold], rate: Rate) -> list[int]:
    """What each line earns: the whole order rounds down once, and what that is goes over the lines by what they count.

    >>> lines = [Sold(1, "a", 1, 9550), Sold(2, "b", 1, 890)]
    >>> sum(earned(lines, Rate(1, 1000))), sum(earned([lines[0]._replace(factor=2_000_000), lines[1]], Rate(1, 1000)))
    (10, 19)
    """
    weights = [max(0, line.net_base) * line.factor for line in lines]
    total = sum(weights) * rate.points // (rate.per_base * SHARE_WHOLE)
    if not total:
        return [0 for _line in lines]
    keys = [f"{line.sku}:{line.quantity:020}:{line.net_base:020}:{line.factor:012}" for line in lines]
    return allocate(total, weights, keys)


def back_of(points: int, quantity: int, returned: int) -> int:
    """What of a line's points has come back in all with `returned` of its pieces."""
    return ratio(points, min(returned, quantity), quantity) if quantity else 0


def worth_of(points: int, per_hundred: int) -> int:
    """What points take off, in minor units, rounded down; `per_hundred` is what 100 of them do.

    >>> worth_of(250, 100), worth_of(199, 50)
    (250, 99)
    """
    return points * per_hundred // 100


def most_off(net: int, share: int) -> int:
    """The most that points may take off a net."""
    return net * share // SHARE_WHOLE


def most_points(value: int, per_hundred: int) -> int:
    """The most points that are worth no more than a value.

    >>> most_points(99, 50), worth_of(199, 50), worth_of(200, 50)
    (199, 99, 100)
    """
    return (value * 100 + 99) // per_hundred


def given_back(taken: Sequence[tuple[UUID, int]], before: int, points: int) -> list[tuple[UUID, int]]:
    """To which lots points go back, last taken first, when `before` of what was taken are back already.

    >>> a, b = UUID(int=1), UUID(int=2)
    >>> [(lot.int, n) for lot, n in given_back([(a, 300), (b, 100)], 0, 200)]
    [(2, 100), (1, 100)]
    >>> [(lot.int, n) for lot, n in given_back([(a, 300), (b, 100)], 50, 100)]
    [(2, 50), (1, 50)]
    """
    found = []
    for lot_id, amount in reversed(taken):
        skipped = min(before, amount)
        part = min(points, amount - skipped)
        before, points = before - skipped, points - part
        if part:
            found.append((lot_id, part))
    return found


def take(lots: Sequence[Lot], points: int, first: UUID | None = None) -> list[tuple[UUID, int]]:
    """From which lots so many points come: from `first`, then from what expires first; as far as they reach."""
    found = []
    for lot in sorted(lots, key=lambda lot: (lot.id != first, lot.expires_on, lot.earned_on, lot.id)):
        part = min(points, lot.remaining)
        if part > 0:
            found.append((lot.id, part))
            points -= part
    return found
