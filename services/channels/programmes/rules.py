"""Pure rules of rebates: tier plans, the rebate of a position, and accruals that telescope.

F(position) is rounded once; an accrual is F(after) - F(before), so the accruals of a partner sum to
F(net volume) whatever the order in which sales and returns arrive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from kit.errors import FieldError, Invalid
from kit.money import MAX_AMOUNT, ratio
from kit.transitions import Move, Moves
from services.channels.programmes.enums import ProgrammeState

RATE_WHOLE = 1_000_000
"""100 % as a rate."""

MAX_POSITION = 10**18
"""Largest net volume of a period: a sum over orders, each of at most MAX_AMOUNT; fits 64 bits."""


class PlanKind(StrEnum):
    """Marginal: each tier's rate on the volume inside it. Retroactive: the reached tier's rate on all volume."""

    MARGINAL = "marginal"
    RETROACTIVE = "retroactive"


class Period(StrEnum):
    """How long a position is counted before it begins at 0 again."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Tier:
    """Positions `start` <= p < `end` (minor units; None: no end) at `rate` in 1e-6."""

    start: int
    end: int | None
    rate: int


@dataclass(frozen=True, slots=True)
class TierPlan:
    """A plan accepted by `check_plan`."""

    kind: PlanKind
    tiers: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of an accrual: the volume from `start` to `end` (downwards when it reverses) at the tier's rate."""

    tier: int
    start: int
    end: int
    rate: int


class TierPlanInvalid(Invalid, ValueError):
    """A tier leaves a gap, overlaps, is empty, or has a rate outside 0..100 %; `tier` is its position from 1."""

    code, title = "tier-plan-invalid", "The tier plan is not valid"

    def __init__(self, tier: int, field: str, detail: str) -> None:
        pointer = f"/tiers/{tier - 1}/{field}" if tier else "/tiers"
        super().__init__(f"tier {tier}: {detail}" if tier else detail, errors=[FieldError(pointer, self.code, detail)])
        self.tier, self.field = tier, field


def check_plan(kind: PlanKind, tiers: Sequence[Tier]) -> TierPlan:
    """The plan of tiers that start at 0, follow each other without gaps and end open; raises TierPlanInvalid."""
    if not tiers:
        raise TierPlanInvalid(0, "", "a plan needs at least one tier")
    expected = 0
    for number, tier in enumerate(tiers, start=1):
        last = number == len(tiers)
        if tier.start != expected:
            raise TierPlanInvalid(number, "start", f"starts at {tier.start} instead of {expected}")
        if last != (tier.end is None):
            raise TierPlanInvalid(
                number, "end", "the last tier has no end" if last else "only the last tier has no end"
            )
        if tier.end is not None and not tier.start < tier.end <= MAX_AMOUNT:
            raise TierPlanInvalid(number, "end", f"ends at {tier.end}, not after {tier.start} and up to {MAX_AMOUNT}")
        if not 0 <= tier.rate <= RATE_WHOLE:
            raise TierPlanInvalid(number, "rate", f"rate {tier.rate} is outside 0..{RATE_WHOLE}")
        expected = tier.end or 0
    return TierPlan(kind, tuple(tiers))


def plan_of(kind: PlanKind, steps: Sequence[tuple[int, int]]) -> TierPlan:
    """The plan of (start, rate) steps, each tier ending where the next begins; raises TierPlanInvalid."""
    for number, (start, _rate) in enumerate(steps[1:], start=2):
        if start <= steps[number - 2][0]:
            raise TierPlanInvalid(number, "start", f"starts at {start}, not after {steps[number - 2][0]}")
    ends = [start for start, _rate in steps[1:]] + [None]
    return check_plan(kind, [Tier(start, end, rate) for (start, rate), end in zip(steps, ends, strict=True)])


def period_of(day: date, period: Period) -> tuple[date, date]:
    """First and last day of the calendar period that contains `day`."""
    months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period]
    first = (day.month - 1) // months * months + 1
    after = date(day.year + 1, 1, 1) if first + months > 12 else date(day.year, first + months, 1)
    return date(day.year, first, 1), after - timedelta(days=1)


def rebate(plan: TierPlan, position: int) -> int:
    """F(position) in minor units, rounded once half-even; a negative position counts as 0."""
    return ratio(sum((part.end - part.start) * part.rate for part in slices(plan, 0, position)), 1, RATE_WHOLE)


def accrual(plan: TierPlan, before: int, after: int) -> int:
    """F(after) - F(before): what the move of the position earns (negative: takes back)."""
    return rebate(plan, after) - rebate(plan, before)


def slices(plan: TierPlan, before: int, after: int) -> list[Slice]:
    """The record of a move: sum((end - start) x rate) is the accrual before rounding.

    Marginal: the stretch of each tier passed, in the direction of the move. Retroactive: when the
    tier changes, all volume leaves the old rate and enters the new one. Raises ValueError past 10^18.
    """
    if max(abs(before), abs(after)) > MAX_POSITION:
        raise ValueError(f"a position passes {MAX_POSITION}")
    low, high = max(0, before), max(0, after)
    if plan.kind is PlanKind.RETROACTIVE:
        found = _retroactive(plan, low, high)
    elif low <= high:
        found = _stretches(plan, low, high)
    else:
        found = [Slice(part.tier, part.end, part.start, part.rate) for part in reversed(_stretches(plan, high, low))]
    return [part for part in found if part.start != part.end]


def tier_at(plan: TierPlan, position: int) -> int:
    """Number (from 1) of the tier a position has reached; a negative position is in the first."""
    return max(number for number, tier in enumerate(plan.tiers, start=1) if tier.start <= max(0, position))


def _stretches(plan: TierPlan, low: int, high: int) -> list[Slice]:
    stretches = []
    for number, tier in enumerate(plan.tiers, start=1):
        start, end = max(low, tier.start), high if tier.end is None else min(high, tier.end)
        if start < end:
            stretches.append(Slice(number, start, end, tier.rate))
    return stretches


def _retroactive(plan: TierPlan, before: int, after: int) -> list[Slice]:
    old, new = tier_at(plan, before), tier_at(plan, after)
    if old == new:
        return [Slice(new, before, after, plan.tiers[new - 1].rate)]
    return [Slice(old, before, 0, plan.tiers[old - 1].rate), Slice(new, 0, after, plan.tiers[new - 1].rate)]


MOVES: Moves[ProgrammeState] = {
    "replace": Move((ProgrammeState.DRAFT,), ProgrammeState.DRAFT),
    "publish": Move((ProgrammeState.DRAFT,), ProgrammeState.PUBLISHED),
}
