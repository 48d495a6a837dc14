"""Results of targets: how far each is, by working days, by its plan, among its siblings, and against earlier."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from kit.calendar import Calendar
from kit.errors import BadQuery, FieldError, NotFound
from kit.money import SHARE_WHOLE, ratio
from kit.work import Work
from services.targets.attainment import repository
from services.targets.attainment.repository import TargetResult, TimePlan
from services.targets.attainment.rules import (
    Count,
    assess,
    attainment_percent,
    earlier_period,
    growth,
    planned_by,
    ranks,
)
from services.targets.attainment.schemas import AttainmentItem, AttainmentQuery, Uncovered
from services.targets.calendars.rules import working_days
from services.targets.day_profiles.rules import DayProfile
from services.targets.decompositions.models import DriverPart
from services.targets.metrics.lists import LEVELS
from services.targets.metrics.rules import COSTS, COVERED
from services.targets.units.service import visible_to

MAX_ITEMS = 1_000
UNALLOCATED = "unallocated"

_SEEN = frozenset({"attainment", "reached", "rank", "gap", "pace", "pace_plan", "required_per_day", "unassigned_share"})
"""Fields of an item that see the value against something."""
_OF_VALUE = _SEEN | {"actual", "coverage", "insufficient_data", "compared", "growth", "closed_value", "after_close"}
_DRIVERS = TypeAdapter(tuple[DriverPart, ...])


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of targets beside their own sums, on a day."""

    as_of: date
    count: Count
    planned: Mapping[UUID, int]
    ranks: Mapping[UUID, int | None]
    compared: Mapping[UUID, int]


async def list_found(work: Work, query: AttainmentQuery) -> list[TargetResult]:
    """The targets of the query with what was credited to them. Raises NotFound, BadQuery (too many)."""
    scope, until, on = (await visible_to(work)).scope, query.as_of or date.max, query.as_of or work.today
    if query.root_id is not None:
        found = await repository.list_tree_results(work.tx, query.root_id, scope, until, on, MAX_ITEMS + 1)
        if len(found) > MAX_ITEMS:
            raise BadQuery(errors=[FieldError("root_id", "too-many", f"the tree has more than {MAX_ITEMS} targets")])
    else:
        assert query.target_id is not None, "a query of targets names one"
        found = await repository.list_results(work.tx, query.target_id, scope, until, on, children=query.children)
        found = found if found and found[0].id == query.target_id else []
    if not found:
        raise NotFound(what="target")
    return found


async def items_of(
    work: Work,
    query: AttainmentQuery,
    found: Sequence[TargetResult],
    calendar: Calendar,
    on: date | None = None,
) -> list[AttainmentItem]:
    """An item for each target, and one for what lies outside the children of each decomposition; amounts are those that
    held `on` a day, without one at the end of the day of the query."""
    as_of = query.as_of or work.today
    plans = await repository.list_plans(work.tx, [one.id for one in found], as_of, on or as_of)
    compared: Mapping[UUID, int] = {}
    if query.compare is not None:
        earlier = {one.id: earlier_period(one.period_start, one.period_end, as_of, query.compare) for one in found}
        compared = await repository.sum_periods(work.tx, earlier)
    told = Told(
        as_of=as_of,
        count=partial(working_days, calendar),
        planned={plan.target_id: _planned(plan, calendar, as_of) for plan in plans},
        ranks=_ranks(found),
        compared=compared,
    )
    return [*(_item(one, told) for one in found), *_unallocated(found)]


async def sums_in(work: Work, periods: Mapping[UUID, tuple[date, date]]) -> dict[UUID, int]:
    """What was credited in the scopes of targets, in other periods than their own."""
    return await repository.sum_periods(work.tx, periods)


async def items_by_target(
    work: Work, target_ids: Sequence[UUID], as_of: date, calendar: Calendar, on: date | None = None
) -> dict[UUID, AttainmentItem]:
    """How far each of some targets is at the end of a day, by the amounts of that day or of another one (`on`); ranks
    are those of siblings among them only."""
    scope = (await visible_to(work)).scope
    found = await repository.list_several_results(work.tx, target_ids, scope, as_of, on or as_of)
    items = await items_of(work, AttainmentQuery(as_of=as_of), found, calendar, on)
    return {item.target_id: item for item in items if item.target_id is not None}


def _planned(plan: TimePlan, calendar: Calendar, as_of: date) -> int:
    """The running child goes by the profile that the decomposition rests on, without one by working days."""
    if plan.first is None or plan.last is None:
        return plan.ended
    kept = next((part for part in _DRIVERS.validate_json(plan.drivers) if part.profile is not None), None)
    if kept is None or kept.basis is None or kept.profile is None:
        weigh = partial(working_days, calendar)
    else:
        weigh = partial(DayProfile(kept.basis, kept.profile.classes, kept.profile.months).weight, calendar)
    return planned_by(plan.ended, plan.running, weigh(plan.first, as_of), weigh(plan.first, plan.last))


def _children(found: Sequence[TargetResult]) -> dict[tuple[UUID, UUID], list[TargetResult]]:
    """The children by decomposition and parent; who sees a target sees all its children."""
    shown = {one.id for one in found}
    split: dict[tuple[UUID, UUID], list[TargetResult]] = defaultdict(list)
    for one in found:
        if one.decomposition_id is not None and one.parent_id is not None and one.parent_id in shown:
            split[one.decomposition_id, one.parent_id].append(one)
    return split


def _ranks(found: Sequence[TargetResult]) -> dict[UUID, int | None]:
    found_ranks: dict[UUID, int | None] = {}
    for children in _children(found).values():
        ranked = ranks([(child.actual, child.amount) for child in children])
        found_ranks |= dict(zip([child.id for child in children], ranked, strict=True))
    return found_ranks


def _unallocated(found: Sequence[TargetResult]) -> list[AttainmentItem]:
    """What lies outside all children, per decomposition. A nested child of an early release has its results in those of
    the child above it."""
    by_id = {one.id: one for one in found}
    items = []
    for (decomposition_id, parent_id), children in sorted(_children(found).items()):
        parent = by_id[parent_id]
        apart = [child for child in children if not child.is_nested]
        items.append(
            AttainmentItem(
                key=UNALLOCATED,
                actual=parent.actual - sum(child.actual for child in apart),
                lines=parent.lines - sum(child.lines for child in apart),
                parent_id=parent.id,
                decomposition_id=decomposition_id,
                overlapping=len(apart) < len(children),
            )
        )
    return items


def _item(one: TargetResult, told: Told) -> AttainmentItem:
    standing = assess(one.amount, one.actual, one.period_start, one.period_end, told.as_of, told.count)
    planned, compared = told.planned.get(one.id), told.compared.get(one.id)
    item = AttainmentItem(
        key=one.child_key,
        actual=one.actual,
        lines=one.lines,
        target_id=one.id,
        parent_id=one.parent_id,
        decomposition_id=one.decomposition_id,
        name=one.name,
        state=one.state,
        period_start=one.period_start,
        period_end=one.period_end,
        amount=one.amount,
        stretch=one.stretch,
        attainment=standing.percent,
        reached=one.actual >= one.amount,
        rank=told.ranks.get(one.id),
        gap=standing.gap,
        expected=standing.expected,
        pace=standing.pace,
        expected_plan=planned,
        pace_plan=None if planned is None else attainment_percent(one.actual, planned),
        unassigned_share=ratio(one.unassigned, SHARE_WHOLE, one.actual) if one.actual > 0 else None,
        required_per_day=standing.required_per_day,
        working_days=standing.working_days,
        elapsed_days=standing.elapsed_days,
        remaining_days=standing.remaining_days,
        closed_value=one.closed_value,
        after_close=None if one.closed_value is None else one.actual - one.closed_value,
    )
    if one.metric in LEVELS:
        item = _as_level(item)
    if one.planned_base is not None:
        item = _against_rate(item, one, one.planned_base)
    if known := covered(one.metric, one.net, one.base):
        thin = _SEEN if known["insufficient_data"] is not None else frozenset()
        item = item.model_copy(update={**dict.fromkeys(thin), **known})
    return item if compared is None else told_of(item, compared)


def _as_level(item: AttainmentItem) -> AttainmentItem:
    """What is read off a day is expected to be there on any day, and no day brings a part of it."""
    changes = {"expected": item.amount, "pace": item.attainment, "required_per_day": None}
    return item.model_copy(update=changes)


def rated(numerator: int, base: int) -> dict[str, Any]:
    """Of a ratio: its denominator, and the rate."""
    return {"base": base, "rate": attainment_percent(numerator, base) if base > 0 else None}


def _against_rate(item: AttainmentItem, one: TargetResult, planned: int) -> AttainmentItem:
    """A rate is expected on any day, and no day brings a part of it."""
    known = rated(one.actual, one.base)
    rate, planned_rate = known["rate"], attainment_percent(one.amount, planned)
    percent = attainment_percent(one.actual * planned, one.base * one.amount) if rate is not None else None
    percent = percent if one.amount > 0 else None
    changes = {
        **dict.fromkeys(("required_per_day", "expected_plan", "pace_plan", "unassigned_share", "rank")),
        **known,
        "planned_rate": planned_rate,
        "attainment": percent,
        "pace": percent,
        "expected": one.amount,
        "reached": None if rate is None else one.actual * planned >= one.amount * one.base,
        "gap": None if rate is None or planned_rate is None else planned_rate - rate,
    }
    return item.model_copy(update=changes)


def covered(metric: str, net: int, costed: int) -> dict[str, Any]:
    """Of a margin: of how much of the net amount the cost is known, and whether that is too little."""
    if metric not in COSTS:
        return {}
    coverage = attainment_percent(costed, net) if net > 0 else None
    is_thin = coverage is not None and coverage < COVERED
    return {
        "coverage": coverage,
        "insufficient_data": Uncovered(reason="coverage", have=coverage or 0, need=COVERED) if is_thin else None,
    }


def withheld(item: AttainmentItem) -> AttainmentItem:
    """The item as who may not know costs sees it."""
    return item.model_copy(update=dict.fromkeys(_OF_VALUE & item.model_fields_set))


def told_of(item: AttainmentItem, compared: int) -> AttainmentItem:
    """The item beside what an earlier period brought."""
    return item.model_copy(update={"compared": compared, "growth": growth(item.actual or 0, compared)})
