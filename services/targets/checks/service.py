"""Use cases of the checks: run them, at proposals and approvals too; refuse what fails if the policy says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from kit import clock
from kit.errors import Forbidden
from kit.ids import new_id
from kit.money import SHARE_WHOLE, ratio
from kit.records import audit_added
from kit.work import Work
from services.targets.attainment.enums import Compare
from services.targets.attainment.rules import earlier_period, growth
from services.targets.attainment.service import DayResult, Slice, coverage_of, lines_at, results_by_day, target_slice
from services.targets.attainment.standings import sums_in
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.checks import repository
from services.targets.checks.enums import TargetCheckCause, TargetCheckKind, TargetCheckVerdict
from services.targets.checks.laws import (
    FORMULA_VERSION,
    RECENT_DAYS,
    Known,
    check_failures,
    overall,
    rolling_growths,
    run_checks,
)
from services.targets.checks.models import Override, TargetCheckRun
from services.targets.day_profiles.rules import years_before
from services.targets.decompositions.capacities import capacities_of
from services.targets.decompositions.enums import PERIODS
from services.targets.decompositions.workforce import Asked
from services.targets.forecasts.schemas import ForecastQuery
from services.targets.forecasts.service import read_forecast
from services.targets.metrics.lists import LEVELS, NOT_SUMMED
from services.targets.metrics.rules import COSTS
from services.targets.policies.enums import ChecksRule
from services.targets.policies.service import policy_on
from services.targets.targets import moves
from services.targets.targets.models import Target
from services.targets.targets.service import require_counted

YEARS = 12
OVERRIDE = "checks:override"

_ONE = timedelta(days=1)


async def check_target(work: Work, target_id: UUID) -> TargetCheckRun:
    """Run the checks of a target and keep what they find; raises NotFound."""
    return await _run(work, await require_counted(work, target_id), TargetCheckCause.ASKED, {})


async def propose_target(work: Work, target_id: UUID) -> Target:
    """Propose a target, and keep what its checks find; raises as moves.propose_target."""
    after = await moves.propose_target(work, target_id)
    await _run(work, after, TargetCheckCause.PROPOSED, {})
    return after


async def approve_target(work: Work, target_id: UUID, overrides: Mapping[TargetCheckKind, str]) -> Target:
    """Approve a target, and keep what its checks find; overrides of what does not fail say nothing.

    Raises Forbidden (overrides without the permission), ChecksFailed where the policy asks for checks that do not fail,
    and as moves.approve_target; then nothing is kept.
    """
    if overrides and not work.actor.may(OVERRIDE):
        raise Forbidden(f"needs the permission {OVERRIDE}")
    after = await moves.approve_target(work, target_id)
    run = await _run(work, after, TargetCheckCause.APPROVED, overrides)
    if (await policy_on(work, work.today)).checks is ChecksRule.REQUIRED:
        check_failures(run.findings, overrides)
    return after


async def _run(
    work: Work, target: Target, cause: TargetCheckCause, overrides: Mapping[TargetCheckKind, str]
) -> TargetCheckRun:
    policy = await policy_on(work, work.today)
    findings = run_checks(replace(await known_of(work, target), limits=policy.check_limits))
    failing = {each.check for each in findings if each.verdict is TargetCheckVerdict.FAIL}
    run = TargetCheckRun(
        id=new_id(),
        target_id=target.id,
        target_version=target.version,
        amount=target.amount,
        cause=cause,
        as_of=work.today - _ONE,
        formula_version=FORMULA_VERSION,
        policy_version=policy.version,
        verdict=overall(findings),
        findings=findings,
        overrides=tuple(
            Override(check=check, reason=reason) for check, reason in sorted(overrides.items()) if check in failing
        ),
        author=work.actor.subject,
        recorded_at=clock.now(),
    )
    await repository.add_run(work.tx, run)
    shown = run.model_dump(mode="json", include={"target_id", "target_version", "cause", "verdict", "overrides"})
    await audit_added(work, "target_check", run.id, shown)
    return run


async def known_of(work: Work, target: Target) -> Known:
    """What the checks look at, as of the end of yesterday."""
    as_of, calendar = work.today - _ONE, await company_calendar(work)
    part, is_margin = target_slice(target), target.metric in COSTS
    recent = as_of - timedelta(days=RECENT_DAYS - 1)
    results = await results_by_day(work, replace(part, first=years_before(as_of, YEARS), last=as_of))
    forecast = await read_forecast(work, ForecastQuery(target_id=target.id), on=work.today)
    splits = await repository.list_splits(work.tx, target.id)
    whole = working_days(calendar, target.period_start, target.period_end)
    elapsed = working_days(calendar, target.period_start, min(as_of, target.period_end))
    siblings = await repository.list_siblings(work.tx, target.id)
    before = await _year_earlier(work, [target, *siblings])
    lines = sum(one.lines for one in results if one.day >= recent)
    if target.metric in LEVELS:
        lines = await lines_at(work, replace(part, last=as_of))
    longer = [
        (one.amount, working_days(calendar, one.period_start, one.period_end))
        for one in await repository.list_longer(work.tx, target.id)
    ]
    is_sum = target.metric not in NOT_SUMMED
    grown = [growth(one.amount, before[one.id]) for one in siblings if is_sum]
    return Known(
        amount=target.amount,
        horizon=target.horizon,
        has_owner=target.owner_id is not None,
        is_leaf=not splits,
        is_assigned=target.unit_id is not None or target.member_id is not None,
        lines_in_scope=lines,
        lines=lines or await _lines(work, recent, as_of, target.metric),
        last_year=before[target.id] or None if is_sum else None,
        growths=rolling_growths(by_month(results, as_of)) if is_sum else [],
        p_hit=forecast.p_hit,
        p50=forecast.p50,
        is_over=target.period_end < work.today,
        elapsed=ratio(elapsed, SHARE_WHOLE, whole) if whole else 0,
        has_time_plan=target.metric in LEVELS or any(split.dimension in PERIODS for split in splits),
        committed=[
            each
            for each in (
                await repository.newest_commit(work.tx, target.id),
                *(split.committed for split in splits),
            )
            if each is not None
        ],
        sibling_growths=[each for each in grown if each is not None],
        doubles=await repository.count_doubles(work.tx, target.id),
        capacity=await _capacity(work, target) if is_sum else None,
        shares=_shares(target.amount, whole, longer) if is_sum else [],
        is_sum=is_sum,
        coverage=await coverage_of(work, replace(part, first=recent, last=as_of)) if is_margin else None,
        revenue=await repository.least_revenue(work.tx, target.id) if is_margin else None,
    )


async def _capacity(work: Work, target: Target) -> int | None:
    """What those who sell in the scope of a target can bring in its period, in whole minor units."""
    asked = Asked("", target.unit_id, target.member_id, target.period_start, target.period_end)
    found = (await capacities_of(work, target, [asked], ()))[asked.key]
    return None if found is None else round(found)


async def _year_earlier(work: Work, targets: Sequence[Target]) -> dict[UUID, int]:
    """What was credited in the scopes of targets in their periods a year earlier."""
    spans = {one.id: earlier_period(one.period_start, one.period_end, one.period_end, Compare.YEAR) for one in targets}
    return await sums_in(work, spans)


async def _lines(work: Work, recent: date, as_of: date, metric: str) -> int:
    """How much of a metric was credited lately, to whomever."""
    if metric in LEVELS:
        return await lines_at(work, Slice(last=as_of, metric=metric))
    found = await results_by_day(work, Slice(first=recent, last=as_of, metric=metric))
    return sum(one.lines for one in found)


def by_month(results: Sequence[DayResult], as_of: date) -> list[int]:
    """What the whole months from the first result on brought, until the last one that had ended by a day."""
    if not results:
        return []
    first, end = results[0].day, as_of + _ONE
    number = first.year * 12 + first.month - (first.day == 1)
    months = [0] * max(0, end.year * 12 + end.month - 1 - number)
    for one in results:
        place = one.day.year * 12 + one.day.month - 1 - number
        if 0 <= place < len(months):
            months[place] += one.actual
    return months


def _shares(amount: int, days: int, longer: Sequence[tuple[int, int]]) -> list[int]:
    """What an amount over so many working days is of the part of longer targets that these days have."""
    parts = [ratio(whole, days, of) for whole, of in longer if of]
    return [ratio(amount, SHARE_WHOLE, part) for part in parts if part > 0]
