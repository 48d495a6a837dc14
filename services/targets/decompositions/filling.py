"""Water-filling between bounds in exact integers, and the smallest set of bounds that contradict a total.

Works on totals >= 0; the split of a negative amount is the mirror image (bounds change sides).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kit.money import allocate


class ConstraintKind(StrEnum):
    """What fixes or bounds a child; `excluded` comes from a driver value of 0."""

    LOCKED = "locked"
    FLOOR = "floor"
    CAP = "cap"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint of a child as it was given (not mirrored); members of a conflicting set."""

    child: str
    kind: ConstraintKind
    value: int


@dataclass(frozen=True, slots=True)
class Limit:
    """One end of a child's range, with the constraint that sets it (None: the default of zero)."""

    value: int
    source: Constraint | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """All limits of one child; the tightest ones count. `domain` is the lowest amount without constraints."""

    child: str
    lowers: tuple[Limit, ...]
    uppers: tuple[Limit, ...]

    @property
    def domain(self) -> int:
        """Zero, or less when a constraint asks for a negative amount."""
        return min((0, *(limit.value for limit in self.lowers)))

    @property
    def lower(self) -> Limit:
        """The tightest lower limit."""
        return max((*self.lowers, Limit(self.domain)), key=lambda limit: limit.value)

    @property
    def upper(self) -> Limit | None:
        """The tightest upper limit, if any."""
        return min(self.uppers, key=lambda limit: limit.value, default=None)

    def conflict(self) -> list[Constraint] | None:
        """The fewest constraints of this child that contradict each other."""
        lowers = (*self.lowers, Limit(self.domain))
        clashes = [(low, high) for low in lowers for high in self.uppers if low.value > high.value]
        named = [[limit.source for limit in pair if limit.source is not None] for pair in clashes]
        return min(named, key=len, default=None)


def smallest_conflict(total: int, bounds: Sequence[Bounds]) -> list[Constraint]:
    """The fewest constraints that contradict `total` >= 0 or each other; empty when a split exists.

    Amounts within ranges can sum to a total unless one range is empty, the lower ends pass the total
    (the largest of them do so first) or the upper ends miss it (then every one of them is needed).
    """
    candidates = [found for bound in bounds if (found := bound.conflict()) is not None]
    gains = [(bound.lower.value - bound.domain, bound.lower.source) for bound in bounds]
    missing = total - sum(bound.domain for bound in bounds)
    if sum(gain for gain, _ in gains) > missing:
        over = []
        for gain, source in sorted(gains, key=lambda item: (-item[0], item[1].child if item[1] else "")):
            if missing < 0 or source is None:
                break
            over.append(source)
            missing -= gain
        candidates.append(over)
    highs = [bound.upper for bound in bounds]
    if sum(high.value for high in highs if high) < total and None not in highs:
        candidates.append([high.source for high in highs if high and high.source])
    return min(candidates, key=len, default=[])


def fill(
    total: int, bounds: Sequence[Bounds], weights: Sequence[int], lots: Sequence[str]
) -> list[tuple[int, ConstraintKind | None]]:
    """Amounts clamp(level x weight, lower, upper) summing to `total`, and the constraint that decided each; odd units
    go by `lots`.

    Needs a split to exist (`smallest_conflict` is empty) and a positive weight wherever a range is open.
    """
    ranges = [(bound.lower, bound.upper, weight) for bound, weight in zip(bounds, weights, strict=True)]
    level, per = _water_level(total, [(low.value, high.value if high else None, w) for low, high, w in ranges])
    result: list[tuple[int, ConstraintKind | None]] = []
    moving: list[int] = []
    for index, (low, high, weight) in enumerate(ranges):
        fixed = high is not None and low.value == high.value
        limit = None
        if fixed or level * weight <= low.value * per:
            limit = low if low.source or not fixed else high
        elif high is not None and level * weight >= high.value * per:
            limit = high
        if limit is None:
            moving.append(index)
        result.append((limit.value, limit.source.kind if limit.source else None) if limit else (0, None))
    if moving:
        rest = total - sum(value for value, _ in result)
        parts = allocate(rest, [weights[index] for index in moving], [lots[index] for index in moving])
        for index, part in zip(moving, parts, strict=True):
            result[index] = (part, None)
    return result


def _water_level(total: int, ranges: Sequence[tuple[int, int | None, int]]) -> tuple[int, int]:
    """The level as (numerator, denominator > 0), from one sweep over the sorted ends of the ranges.

    While the level rises past low/weight a child starts to move, past high/weight it stops. Two ends
    differ by at least 1/weight^2, so floor(end x 2^shift) orders them exactly without fractions.
    """
    shift = 2 * max(weight.bit_length() for _, _, weight in ranges)
    events = []
    for low, high, weight in ranges:
        if low == high:
            continue
        events.append(((low << shift) // weight, low, weight, 1))
        if high is not None:
            events.append(((high << shift) // weight, high, weight, -1))
    events.sort()
    still, speed = sum(low for low, _, _ in ranges), 0
    level = (0, 1)
    for _, end, weight, turn in events:
        if still * weight + speed * end >= total * weight:
            return (total - still, speed) if speed else (end, weight)
        still -= turn * end
        speed += turn * weight
        level = (end, weight)
    return (total - still, speed) if speed else level
