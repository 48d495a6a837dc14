"""What those who sell can bring: their working days by what each of them brought a day in the year before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from functools import partial

from kit.work import Work
from services.targets.calendars.rules import working_days
from services.targets.calendars.service import company_calendar
from services.targets.decompositions import repository
from services.targets.decompositions.rules import DriverDataInsufficient, Values
from services.targets.decompositions.workforce import (
    WINDOW_DAYS,
    Asked,
    capacity_of,
    productivity_of,
    scaled,
)
from services.targets.targets.models import Target


async def capacities_of(
    work: Work, target: Target, asked: Sequence[Asked], ramp: Sequence[int]
) -> dict[str, Fraction | None]:
    """What each of those who are asked for brings of the metric in the scope of a target: by key, in minor units; None
    where nobody is, or nothing is known. What they bring a day is told by the 365 days before the period, and before
    today."""
    last = min(work.today, target.period_start) - timedelta(days=1)
    window = last - timedelta(days=WINDOW_DAYS - 1), last
    stays = await repository.list_stays(work.tx, target.unit_id)
    results = await repository.list_results(work.tx, target, window)
    days = partial(working_days, await company_calendar(work))
    brings = productivity_of(stays, results, window, ramp, days)
    return {one.key: capacity_of(one, stays, brings, ramp, days) for one in asked}


async def capacity_values(
    work: Work, kind: str, target: Target, asked: Sequence[Asked], ramp: Sequence[int], *, is_by_time: bool
) -> Values:
    """Capacities as values of a driver. Raises DriverDataInsufficient."""
    found = await capacities_of(work, target, asked, ramp)
    values = {key: scaled(each, is_by_time=is_by_time) for key, each in found.items()}
    if not any(values.values()):
        raise DriverDataInsufficient(f"driver {kind}: nobody is known to bring anything", extra={"driver": kind})
    return values
