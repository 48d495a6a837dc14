"""Pure rules of capacity: what members bring on a working day, and how many of these they have in a period.

Exact: days weigh capacity share x ramp, both in 1e-6, and a member brings a fraction of minor units per whole day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

from kit.money import SHARE_WHOLE
from services.targets.decompositions.rules import GROWTH_SCALE
from services.targets.members.enums import MemberRole

RAMP_DAYS = 30
WINDOW_DAYS = 365
MIN_DAYS = 20
"""Who has had fewer whole working days in a unit is new there: they bring the mean of the unit."""
SIT_OUT = frozenset({MemberRole.SALES_DIRECTOR, MemberRole.MARKET_SUPPORT})
"""Who has one of these roles brings nothing themselves."""
_ONE = timedelta(days=1)
_WHOLE_DAY = SHARE_WHOLE * SHARE_WHOLE

Days = Callable[[date, date], int]
"""Working days of a period, both ends included."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Where a member belongs from `first` to `last` (None: open), and since when without a gap; `line` is the path of
    what the unit went on as."""

    member_id: UUID
    path: tuple[UUID, ...]
    line: tuple[UUID, ...]
    first: date
    last: date | None
    role: MemberRole
    capacity: int
    joined: date


@dataclass(frozen=True, slots=True)
class Result:
    """What was credited to a member in a unit, by the path of what that went on as."""

    member_id: UUID
    line: tuple[UUID, ...]
    amount: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose capacity is asked for: of who is inside a unit, of a member, in a period."""

    key: str
    unit_id: UUID | None
    member_id: UUID | None
    first: date
    last: date


def weigh(stay: Stay, first: date, last: date, ramp: Sequence[int], days: Days) -> int:
    """The working days of a stay in a period, each by capacity share x ramp (1e-12); `ramp` is by 30 days since the
    join, whole afterwards."""
    low, high = max(stay.first, first), last if stay.last is None else min(stay.last, last)
    if high < low or stay.role in SIT_OUT:
        return 0
    total = 0
    for index, share in enumerate(ramp):
        begins = stay.joined + timedelta(days=RAMP_DAYS * index)
        total += share * _between(days, max(low, begins), min(high, begins + timedelta(days=RAMP_DAYS - 1)))
    whole = stay.joined + timedelta(days=RAMP_DAYS * len(ramp))
    return stay.capacity * (total + SHARE_WHOLE * _between(days, max(low, whole), high))


def _between(days: Days, first: date, last: date) -> int:
    return days(first, last) if first <= last else 0


@dataclass(frozen=True, slots=True)
class Productivity:
    """What members bring per whole day: of their own, by member and unit, and the means of units."""

    own: Mapping[tuple[UUID, UUID], Fraction]
    means: Mapping[UUID, Fraction]

    def of(self, stay: Stay) -> Fraction | None:
        """That of a member where they are; of who is new the mean of the unit, or of the nearest one above it."""
        found = self.own.get((stay.member_id, stay.line[-1]))
        return found or next((self.means[each] for each in reversed(stay.line) if each in self.means), None)


def productivity_of(
    stays: Iterable[Stay], results: Iterable[Result], window: tuple[date, date], ramp: Sequence[int], days: Days
) -> Productivity:
    """What was credited in a window by the whole days of who it was credited to; without a positive result, or with
    fewer than MIN_DAYS, nothing is known of a member."""
    weights: dict[tuple[UUID, UUID], int] = defaultdict(int)
    whole: dict[UUID, int] = defaultdict(int)
    for stay in stays:
        weight = weigh(stay, *window, ramp, days)
        weights[stay.member_id, stay.line[-1]] += weight
        for unit in stay.line:
            whole[unit] += weight
    amounts: dict[tuple[UUID, UUID], int] = defaultdict(int)
    sums: dict[UUID, int] = defaultdict(int)
    for one in results:
        if weights.get((one.member_id, one.line[-1])):
            amounts[one.member_id, one.line[-1]] += one.amount
            for unit in one.line:
                sums[unit] += one.amount
    least = MIN_DAYS * _WHOLE_DAY
    known = {key: amount for key, amount in amounts.items() if amount > 0 and weights[key] >= least}
    own = {key: _per_day(amount, weights[key]) for key, amount in known.items()}
    means = {unit: _per_day(amount, whole[unit]) for unit, amount in sums.items() if amount > 0}
    return Productivity(own, means)


def _per_day(amount: int, weight: int) -> Fraction:
    return Fraction(amount * _WHOLE_DAY, weight)


def capacity_of(
    asked: Asked, stays: Iterable[Stay], brings: Productivity, ramp: Sequence[int], days: Days
) -> Fraction | None:
    """What who is asked for brings in the period, in minor units; None where nobody is, or nothing is known of them."""
    total, is_known = Fraction(0), False
    for stay in stays:
        if not _is_asked(asked, stay):
            continue
        per_day = Fraction(0) if stay.role in SIT_OUT else brings.of(stay)
        if per_day is not None:
            is_known = True
            total += per_day * weigh(stay, asked.first, asked.last, ramp, days) / _WHOLE_DAY
    return total if is_known else None


def _is_asked(asked: Asked, stay: Stay) -> bool:
    is_then = stay.first <= asked.last and (stay.last is None or asked.first <= stay.last)
    is_there = asked.unit_id is None or asked.unit_id in stay.path
    return is_then and is_there and asked.member_id in (None, stay.member_id)


def scaled(capacity: Fraction | None, *, is_by_time: bool) -> int | None:
    """A capacity as the value of a driver, in thousandths, half-even; a period in which nobody is has none."""
    if capacity is None:
        return 0 if is_by_time else None
    return round(capacity * GROWTH_SCALE)


def joined_since(spans: Sequence[tuple[date, date | None]]) -> list[date]:
    """Since when each of the spans of a member (first day, day after the last), in order, goes without a gap."""
    found: list[date] = []
    until: date | None = None
    for first, after in spans:
        found.append(found[-1] if found and first == until else first)
        until = after
    return found
