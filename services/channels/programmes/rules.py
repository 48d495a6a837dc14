"""Pure rules of rebates: tier plans, the rebate of a position, and accruals that telescope.

F(position) is rounded once; an accrual is F(after) - F(before), so the accruals of a partner sum to
F(net volume) whatever the order in which sales and returns arrive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol, TypeVar
from uuid import UUID

from kit.errors import FieldError, Invalid
from kit.money import MAX_AMOUNT, ratio
from kit.transitions import Move, Moves
from services.channels.programmes.enums import ProgrammeState

RATE_WHOLE = 1_000_000
"""100 % as a rate."""

MAX_POSITION = 10**18
"""Largest net volume of a period: a sum over orders, each of at most MAX_AMOUNT; fits 64 bits."""


class PlanKind(StrEnum):
    """Marginal: each tier's rate on the volume inside it. Retroactive: the reached tier's rate on all volume. Flat: one
    rate. Lump: the reached tier's amount. Growth: the rate of the growth over a baseline that is reached. Mix: the rate
    of the share of focus lines that is reached, on all volume."""

    MARGINAL = "marginal"
    RETROACTIVE = "retroactive"
    FLAT = "flat"
    LUMP = "lump"
    GROWTH = "growth"
    MIX = "mix"


class GrowthBasis(StrEnum):
    """What the rate of a growth is paid on: all volume, or what is above the baseline."""

    ALL = "all"
    GROWTH = "growth"


OF_SHARES = frozenset({PlanKind.GROWTH, PlanKind.MIX})
"""Kinds whose tiers start at shares (millionths), of the baseline or of the volume, instead of at volumes."""
MAX_GROWTH = 100 * RATE_WHOLE
"""Largest growth that a tier may ask for."""


class Period(StrEnum):
    """How long a position is counted before it begins at 0 again."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Tier:
    """Positions `start` <= p < `end` (minor units; None: no end) at `rate` in 1e-6; of a lump plan worth `amount`."""

    start: int
    end: int | None
    rate: int
    amount: int = 0


@dataclass(frozen=True, slots=True)
class TierPlan:
    """A plan accepted by `check_plan`; volume up to `less` earns nothing."""

    kind: PlanKind
    tiers: tuple[Tier, ...]
    less: int = 0


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
    """The plan of tiers that start at 0 (shares: anywhere), follow each other without gaps and end open; raises
    TierPlanInvalid."""
    if not tiers:
        raise TierPlanInvalid(0, "", "a plan needs at least one tier")
    if kind is PlanKind.FLAT and len(tiers) > 1:
        raise TierPlanInvalid(2, "start", "a flat plan has one rate")
    most = {PlanKind.GROWTH: MAX_GROWTH, PlanKind.MIX: RATE_WHOLE}.get(kind)
    if most is not None and tiers[-1].start > most:
        raise TierPlanInvalid(len(tiers), "start", f"starts at {tiers[-1].start}, above {most}")
    expected = tiers[0].start if kind in OF_SHARES else 0
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


def plan_of(kind: PlanKind, steps: Sequence[tuple[int, int]], amounts: Sequence[int | None] = ()) -> TierPlan:
    """The plan of (start, rate) steps, each tier ending where the next begins, with an amount each in a lump plan
    and in no other; raises TierPlanInvalid."""
    for number, (start, _rate) in enumerate(steps[1:], start=2):
        if start <= steps[number - 2][0]:
            raise TierPlanInvalid(number, "start", f"starts at {start}, not after {steps[number - 2][0]}")
    ends = [start for start, _rate in steps[1:]] + [None]
    worth = list(amounts) or [None] * len(steps)
    for number, ((_start, rate), amount) in enumerate(zip(steps, worth, strict=True), start=1):
        if (kind is PlanKind.LUMP) != (amount is not None):
            raise TierPlanInvalid(number, "amount", "tiers of a lump plan have an amount, others have none")
        if kind is PlanKind.LUMP and rate:
            raise TierPlanInvalid(number, "rate", "a lump plan has amounts instead of rates")
    tiers = [Tier(*step, amount or 0) for step, amount in zip(_spans(steps, ends), worth, strict=True)]
    return check_plan(kind, tiers)


def _spans(steps: Sequence[tuple[int, int]], ends: Sequence[int | None]) -> list[tuple[int, int | None, int]]:
    return [(start, end, rate) for (start, rate), end in zip(steps, ends, strict=True)]


def over_baseline(plan: TierPlan, basis: GrowthBasis, baseline: int | None) -> TierPlan:
    """A growth plan over a baseline B: a tier that asks for growth g is reached at ceil(B x (1 + g)), the rate is paid
    on all volume or on what is above B. Without a baseline above 0 nothing is earned."""
    tiers = [Tier(0, None, 0)]
    if baseline is None or baseline <= 0:
        return TierPlan(PlanKind.RETROACTIVE, tuple(tiers))
    for tier in plan.tiers:
        start = -(-baseline * (RATE_WHOLE + tier.start) // RATE_WHOLE)
        tiers[-1] = Tier(tiers[-1].start, start, tiers[-1].rate)
        tiers.append(Tier(start, None, tier.rate))
    return TierPlan(PlanKind.RETROACTIVE, tuple(tiers), baseline if basis is GrowthBasis.GROWTH else 0)


def period_of(day: date, period: Period) -> tuple[date, date]:
    """First and last day of the calendar period that contains `day`."""
    months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period]
    first = (day.month - 1) // months * months + 1
    after = date(day.year + 1, 1, 1) if first + months > 12 else date(day.year, first + months, 1)
    return date(day.year, first, 1), after - timedelta(days=1)


def rebate(plan: TierPlan, position: int, focus: int = 0) -> int:
    """F(position) in minor units, rounded once half-even; a negative position counts as 0. `focus` is what of the
    position is in focus lines (mix)."""
    if plan.kind is PlanKind.LUMP:
        return plan.tiers[tier_at(plan, position) - 1].amount if position > 0 else 0
    if -MAX_POSITION <= position <= 0:
        return 0
    parts = slices(plan, 0, position, (0, focus))
    return ratio(sum((part.end - part.start) * part.rate for part in parts), 1, RATE_WHOLE)


def accrual(plan: TierPlan, before: int, after: int, focus: tuple[int, int] = (0, 0)) -> int:
    """F(after) - F(before): what the move of the position earns (negative: takes back); `focus` before and after."""
    return rebate(plan, after, focus[1]) - rebate(plan, before, focus[0])


def slices(plan: TierPlan, before: int, after: int, focus: tuple[int, int] = (0, 0)) -> list[Slice]:
    """The record of a move: sum((end - start) x rate) is the accrual before rounding; a lump plan has none.

    Marginal: the stretch of each tier passed, in the direction of the move. Retroactive: when the
    tier changes, all volume leaves the old rate and enters the new one. Raises ValueError past 10^18.
    """
    if max(abs(before), abs(after)) > MAX_POSITION:
        raise ValueError(f"a position passes {MAX_POSITION}")
    low, high = max(0, before), max(0, after)
    if plan.kind is PlanKind.LUMP:
        found = []
    elif plan.kind is PlanKind.MIX:
        found = _whole(plan, (low, high), (_mix_at(plan, before, focus[0]), _mix_at(plan, after, focus[1])))
    elif plan.kind is PlanKind.RETROACTIVE:
        found = _whole(plan, (low, high), (tier_at(plan, low), tier_at(plan, high)))
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


def _mix_at(plan: TierPlan, position: int, focus: int) -> int:
    """Number (from 1) of the tier whose share of focus lines is reached; 0 without volume or below the first."""
    shares = (number for number, tier in enumerate(plan.tiers, start=1) if focus * RATE_WHOLE >= tier.start * position)
    return max(shares, default=0) if position > 0 else 0


def _whole(plan: TierPlan, move: tuple[int, int], tiers: tuple[int, int]) -> list[Slice]:
    """All volume of a move (before, after) at the rates of the tiers (numbers) reached before and after."""
    (before, after), (old, new) = move, tiers
    if old == new:
        return [Slice(new, before, after, _rate(plan, new))]
    return [Slice(old, before, plan.less, _rate(plan, old)), Slice(new, plan.less, after, _rate(plan, new))]


def _rate(plan: TierPlan, tier: int) -> int:
    return plan.tiers[tier - 1].rate if tier else 0


class TermsInvalid(Invalid):
    code, title = "terms-invalid", "The terms do not fit the kind of the programme"


def check_terms(
    kind: PlanKind,
    *,
    basis: GrowthBasis | None,
    baselines: Sequence[UUID] | None,
    focus_lines: Sequence[str] | None,
    product_lines: Sequence[str],
) -> None:
    """Terms that only some kinds have; raises TermsInvalid, which names the field."""
    refused = {
        "/basis": basis is not None and kind is not PlanKind.GROWTH,
        "/baselines": baselines is not None and (kind is not PlanKind.GROWTH or len(set(baselines)) < len(baselines)),
        "/focus_lines": (focus_lines is not None) != (kind is PlanKind.MIX)
        or bool(focus_lines and product_lines and not set(focus_lines) <= set(product_lines)),
    }
    wrong = [pointer for pointer, is_wrong in refused.items() if is_wrong]
    errors = [FieldError(pointer, TermsInvalid.code, f"does not fit a {kind} plan") for pointer in wrong]
    if errors:
        raise TermsInvalid(errors=errors)


class Dated(Protocol):
    """A published version of a programme, as far as it says which orders are its own."""

    @property
    def valid_from(self) -> date: ...

    @property
    def valid_to(self) -> date: ...

    @property
    def published_at(self) -> datetime | None: ...

    @property
    def catch_up(self) -> bool: ...


V = TypeVar("V", bound=Dated)


def version_of(versions: Sequence[V], order_date: date, confirmed_at: datetime) -> V | None:
    """In which of the published versions of a programme (the first comes first) an order counts, for good.

    Of those that were published when it was confirmed, the latest that had begun on its date: a later one moves nothing
    that has accrued. Where there was none yet, the first published since that catches up and has its date.
    """
    known = [one for one in versions if one.published_at is not None and one.published_at <= confirmed_at]
    begun = [one for one in known if one.valid_from <= order_date]
    if begun:
        return begun[-1] if order_date <= begun[-1].valid_to else None
    later = (one for one in versions if one.catch_up and one not in known)
    return next((one for one in later if one.valid_from <= order_date <= one.valid_to), None)


class RevisionInvalid(Invalid):
    code, title = "revision-invalid", "A next version has other rates from a later day on, all else stays"


def check_revision(same: Mapping[str, bool], former_start: date, start: date, last: date) -> None:
    """Whether a version may follow one that began on `former_start`: `same` says of each other term whether it stays.
    Raises RevisionInvalid, which names the fields."""
    wrong = [f"/{name}" for name, stays in same.items() if not stays]
    errors = [FieldError(pointer, RevisionInvalid.code, "stays as it is") for pointer in wrong]
    if not former_start < start <= last:
        detail = f"after {former_start}, up to {last}"
        errors.append(FieldError("/valid_from", RevisionInvalid.code, detail))
    if errors:
        raise RevisionInvalid(errors=errors)


class Layer(NamedTuple):
    """What has been counted in a version of a programme: its plan, its own volume, what of that is in focus lines."""

    plan: TierPlan
    volume: int
    focus: int = 0


def layered(layers: Sequence[Layer]) -> int:
    """The rebate of volumes of several versions: each is paid by its plan on top of what the earlier ones hold.

    >>> old = plan_of(PlanKind.MARGINAL, [(0, 10_000), (10_000_000, 20_000)])
    >>> new = plan_of(PlanKind.MARGINAL, [(0, 15_000), (10_000_000, 30_000)])
    >>> [layered([Layer(old, volume), Layer(new, 5_000_000)]) for volume in (8_000_000, 12_000_000)]
    [200000, 290000]
    """
    total = volume = focus = 0
    for layer in layers:
        above, of_focus = volume + layer.volume, focus + layer.focus
        total += accrual(layer.plan, volume, above, (focus, of_focus))
        volume, focus = above, of_focus
    return total


def layered_slices(before: Sequence[Layer], moved: int, volume: int, focus: int = 0) -> list[Slice]:
    """The record of a move of the layer `moved` by a volume: its own stretch, and what of the layers on top of it is
    left at its old place and entered at its new one."""
    found: list[Slice] = []
    start, of_focus = sum(one.volume for one in before[:moved]), sum(one.focus for one in before[:moved])
    for number, layer in enumerate(before[moved:], start=moved):
        end, to_focus = start + layer.volume, of_focus + layer.focus
        if number > moved:
            found += slices(layer.plan, start + volume, start, (of_focus + focus, of_focus))
        found += slices(layer.plan, end, end + volume, (to_focus, to_focus + focus))
        start, of_focus = end, to_focus
    return found


MOVES: Moves[ProgrammeState] = {
    "replace": Move((ProgrammeState.DRAFT,), ProgrammeState.DRAFT),
    "publish": Move((ProgrammeState.DRAFT,), ProgrammeState.PUBLISHED),
    "revise": Move((ProgrammeState.PUBLISHED,), ProgrammeState.PUBLISHED),
}
