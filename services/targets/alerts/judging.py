"""The judging: each live target on each working day, by its pace and by how probable it is that it is reached.

Days that were missed are judged one after the other, each from the end of its eve: a level depends on the one before
it, so that what is found is the same whether the service was there or not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from kit import clock
from kit.calendar import Calendar
from kit.events import outbox
from kit.records import changed_row
from kit.work import Work
from services.targets.alerts import repository, service
from services.targets.alerts.enums import TargetAlertLevel, TargetAlertMeasure
from services.targets.alerts.models import TargetAlert, TargetJudging
from services.targets.alerts.rules import Bounds, is_silent, level_of, worst
from services.targets.alerts.service import Judged, Progress
from services.targets.attainment.schemas import AttainmentItem
from services.targets.attainment.standings import items_by_target
from services.targets.calendars.service import company_calendar
from services.targets.forecasts.schemas import ForecastQuery
from services.targets.forecasts.service import read_forecast
from services.targets.policies.models import TargetPolicy
from services.targets.policies.service import policy_on
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target

_PACE, _P_HIT = TargetAlertMeasure
_ONE = timedelta(days=1)


class Case(NamedTuple):
    """A live target that is due, on the business day of its judging."""

    row: TargetJudging
    target: Target
    day: date
    standing: TargetAlert | None


async def judge(work: Work, rows: Sequence[TargetJudging]) -> None:
    """Judge what is due, each on its day; what is closed is judged no more, and its alert is over."""
    targets = await repository.list_targets(work.tx, [row.id for row in rows])
    standing = await repository.lock_standing(work.tx, [row.id for row in rows])
    calendar = await company_calendar(work)
    by_day: dict[date, list[Case]] = defaultdict(list)
    written: list[TargetJudging] = []
    for row in rows:
        target = targets.get(row.id)
        if target is None or target.state is not TargetState.ACTIVE:
            written.append(await _end(work, row, standing.get(row.id)))
        else:
            day = _day(work, row)
            by_day[day].append(Case(row, target, day, standing.get(row.id)))
    for day, cases in sorted(by_day.items()):
        written += await _judge_day(work, day, cases, calendar)
    await repository.write_judgings(work.tx, written)


def _day(work: Work, row: TargetJudging) -> date:
    return work.today if row.due_at is None else clock.business_date(work.settings.timezone, row.due_at)


async def _end(work: Work, row: TargetJudging, standing: TargetAlert | None) -> TargetJudging:
    if standing is not None:
        await service.end(work, standing, row.pace if standing.measure is _PACE else row.p_hit, work.today)
    return changed_row(row, {"due_at": None}).after


async def _judge_day(work: Work, day: date, cases: Sequence[Case], calendar: Calendar) -> list[TargetJudging]:
    policy = await policy_on(work, day)
    items = await items_by_target(work, [case.target.id for case in cases], day - _ONE, calendar, day)
    after = [await _judge(work, case, items[case.target.id], policy, calendar) for case in cases]
    said = [
        (service.progress_fact(Progress(case.target, items[case.target.id]), row, day - _ONE, day), row.version)
        for case, row in zip(cases, after, strict=True)
        if row.judged_on == day
    ]
    await outbox.say(work, said)
    return after


async def _judge(
    work: Work, case: Case, item: AttainmentItem, policy: TargetPolicy, calendar: Calendar
) -> TargetJudging:
    """The judging of a target on a day; before its period it only waits."""
    before: TargetJudging = case.row
    due_at = _next(work, case, calendar)
    if case.day < case.target.period_start:
        return changed_row(before, {"due_at": due_at}).after
    eve = case.day - _ONE
    forecast = await read_forecast(work, ForecastQuery(target_id=case.target.id, as_of=eve), on=case.day)
    figures = {_PACE: pace_of(item), _P_HIT: forecast.p_hit}
    levels = {_PACE: before.pace_level, _P_HIT: before.p_hit_level}
    if not is_silent(item.elapsed_days or 0, item.working_days or 0, policy.alert_silent_share):
        bounds = bounds_of(policy)
        levels = {each: level_of(figures[each], levels[each], bounds[each]) for each in TargetAlertMeasure}
        await service.follow(work, case.target, case.standing, _found(levels, figures, case.standing, policy), case.day)
    changes: dict[str, Any] = {
        "due_at": due_at,
        "judged_on": case.day,
        **{"pace": figures[_PACE], "pace_level": levels[_PACE]},
        **{"p_hit": forecast.p_hit, "p_hit_level": levels[_P_HIT]},
        **{"p_hit_as_of": eve, "p_hit_sample": forecast.sample_size},
    }
    return changed_row(before, changes).after


def _found(
    levels: Mapping[TargetAlertMeasure, TargetAlertLevel],
    figures: Mapping[TargetAlertMeasure, int | None],
    standing: TargetAlert | None,
    policy: TargetPolicy,
) -> Judged:
    """The worse level counts; what is green again is told of the measure that was not."""
    measure = worst(levels)
    level = levels[measure]
    if level is TargetAlertLevel.GREEN and standing is not None:
        measure = standing.measure
    return Judged(level, measure, figures[measure], bounds_of(policy)[measure].of(level), policy.version)


def pace_of(item: AttainmentItem) -> int | None:
    """By the plan where there is one, else by working days; where nothing is expected there is no pace."""
    expected, pace = (item.expected, item.pace) if item.expected_plan is None else (item.expected_plan, item.pace_plan)
    return pace if expected is not None and expected > 0 else None


def bounds_of(policy: TargetPolicy) -> Mapping[TargetAlertMeasure, Bounds]:
    """The thresholds of a version of the policy."""
    return {
        _PACE: Bounds(policy.alert_pace_amber, policy.alert_pace_red, policy.alert_pace_margin),
        _P_HIT: Bounds(policy.alert_p_hit_amber, policy.alert_p_hit_red, policy.alert_p_hit_margin),
    }


def _next(work: Work, case: Case, calendar: Calendar) -> datetime:
    """The start of the next working day, the first of the period at the earliest."""
    day = calendar.on_or_after(max(case.day + _ONE, case.target.period_start))
    return clock.start_of_day(work.settings.timezone, day)
