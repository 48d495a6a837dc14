"""The measuring of effects: as of any day when somebody asks, and once for all after 60 working days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from kit import clock
from kit.calendar import Calendar
from kit.money import ratio
from kit.records import change
from kit.transitions import next_state
from kit.work import Work
from services.targets.adjustments import repository, service
from services.targets.adjustments.effects import (
    DRAWS,
    FORMULA_VERSION,
    LEAST_DAYS,
    MOST,
    MOST_DAYS,
    Part,
    days_since,
    estimate,
    last_day,
    parts_of,
    seed_of,
    total,
    windows_of,
)
from services.targets.adjustments.enums import EffectLack, SalesAdjustmentState
from services.targets.adjustments.models import Adjustment, AdjustmentEffect, EffectMissing, EffectSpan
from services.targets.adjustments.rules import MEASURING, NOUN
from services.targets.attainment.service import DayResult, results_by_day, target_slice
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.day_profiles.rules import WHOLE, DayProfile, days_between, years_before
from services.targets.day_profiles.service import Scope, profile_of
from services.targets.decompositions.drivers import SCOPE
from services.targets.events_out.adjustments import AdjustmentMeasured
from services.targets.metrics.service import check_costs
from services.targets.targets import service as targets
from services.targets.targets.models import Target

YEARS = 3

_ONE = timedelta(days=1)


async def read_effect(work: Work, adjustment_id: UUID) -> AdjustmentEffect:
    """What was measured, else what can be told at the end of yesterday; raises NotFound, Forbidden (of a margin)."""
    row = await service.require_adjustment(work, adjustment_id)
    check_costs(work, (await targets.require_target(work, row.target_id)).metric)
    if row.effect is not None:
        return row.effect
    return await effect_at(work, row, work.today - _ONE)


async def work_due(work: Work, rows: Sequence[Adjustment]) -> None:
    """Measures of what is executed become overdue; the effect of what was executed is measured."""
    for row in rows:
        if row.state is SalesAdjustmentState.EXECUTED:
            await _measure(work, row)
        else:
            await service.note_overdue(work, row)


async def _measure(work: Work, row: Adjustment) -> None:
    """Keep the effect as of the eve of the day on which it was due; a calendar that changed meanwhile may move that."""
    assert row.due_at is not None, "due rows have a moment"
    assert row.executed_on is not None, "it was executed"
    day = clock.business_date(work.settings.timezone, row.due_at)
    calendar = await company_calendar(work)
    if days_since(calendar, row.executed_on, day - _ONE) < MOST_DAYS:
        later = clock.start_of_day(work.settings.timezone, last_day(calendar, row.executed_on) + _ONE)
        await change(work, service.saying(work), row, {"due_at": later}, action="postpone")
        return
    effect = await effect_at(work, row, day - _ONE)
    state = next_state(NOUN, MEASURING, "measure", row.state)
    changes = {"state": state, "measured_on": day, "effect": effect, "due_at": None}
    said = service.saying(work, AdjustmentMeasured, result=effect.model_dump(exclude={"seed"}), business_date=day)
    await change(work, said, row, changes, action="measure")


async def effect_at(work: Work, row: Adjustment, as_of: date) -> AdjustmentEffect:
    """What an adjustment brought by the end of a day."""
    calendar = await company_calendar(work)
    days = 0 if row.executed_on is None else days_since(calendar, row.executed_on, as_of)
    bare: AdjustmentEffect = AdjustmentEffect(
        as_of=as_of, formula_version=FORMULA_VERSION, sample_size=0, working_days=days
    )
    if row.executed_on is None or row.started_on is None or days < LEAST_DAYS:
        return _lacking(bare, EffectLack.WORKING_DAYS, days, LEAST_DAYS)
    spans = windows_of(calendar, row.started_on, row.executed_on, days)
    target = await targets.require_target(work, row.target_id)
    part = replace(target_slice(target), first=years_before(spans.before[0], YEARS), last=spans.after[1])
    results = await results_by_day(work, part)
    profile = await profile_of(work, calendar, _scope(target), spans.before[0])
    overlapping = tuple(await repository.list_overlapping(work.tx, row.id, spans.before[0], spans.after[1]))
    more = {"overlapping": overlapping, "basis": profile.basis}
    told: AdjustmentEffect = bare.model_copy(update=more)
    known = results[0].day if results else as_of + _ONE
    if known > spans.before[0]:
        return _lacking(told, EffectLack.HISTORY, working_days(calendar, known, spans.before[1]), days)
    return _measured(told, row.id, calendar, profile, (spans.before, spans.after), results)


def _scope(target: Target) -> Scope:
    return Scope(**{name: getattr(target, name) for name in SCOPE}, metric=target.metric)


def _lacking(told: AdjustmentEffect, reason: EffectLack, have: int, need: int) -> AdjustmentEffect:
    lacking: AdjustmentEffect = told.model_copy(
        update={"insufficient_data": EffectMissing(reason=reason, have=have, need=need)}
    )
    return lacking


def _measured(
    told: AdjustmentEffect,
    adjustment_id: UUID,
    calendar: Calendar,
    profile: DayProfile,
    spans: tuple[tuple[date, date], tuple[date, date]],
    results: Sequence[DayResult],
) -> AdjustmentEffect:
    """The effect from what the days of both spans brought and weigh."""
    by_day = {one.day: one.actual for one in results}
    weights = {day: profile.weight(calendar, day, day) for span in spans for day in days_between(*span)}
    before, after = (parts_of(calendar, span, by_day, weights) for span in spans)
    lines = sum(one.lines for one in results if any(first <= one.day <= last for first, last in spans))
    more = {"before": _span(spans[0], total(before)), "after": _span(spans[1], total(after)), "sample_size": lines}
    shown: AdjustmentEffect = told.model_copy(update=more)
    if not total(before).weight or not total(after).weight:
        return _lacking(shown, EffectLack.WEIGHT, 0, 1)
    seed = seed_of(adjustment_id, told.as_of)
    found = estimate(before, after, seed)
    if abs(found.expected) > MOST:
        return _lacking(shown, EffectLack.WEIGHT, 0, 1)
    measured: AdjustmentEffect = shown.model_copy(update={**found._asdict(), "draws": DRAWS, "seed": seed})
    return measured


def _span(span: tuple[date, date], whole: Part) -> EffectSpan:
    return EffectSpan(first=span[0], last=span[1], actual=whole.actual, weight=ratio(whole.weight, 1, WHOLE))
