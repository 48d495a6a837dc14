"""The day profile of a scope, out of what was credited in it."""

from __future__ import annotations

from datetime import date
from functools import partial

from kit.calendar import Calendar
from kit.work import Work
from services.targets.day_profiles import repository
from services.targets.day_profiles.enums import Basis
from services.targets.day_profiles.repository import Scope as Scope
from services.targets.day_profiles.rules import DayProfile, base_of, class_of, day_profile


async def profile_of(work: Work, calendar: Calendar, scope: Scope, start: date) -> DayProfile:
    """The profile for a period of this scope that begins on `start`, from one to three whole years before it."""
    base = base_of(start, work.today, await repository.first_day(work.tx, scope))
    if base is None:
        return DayProfile(Basis.WORKING_DAYS)
    results = await repository.sum_by_day(work.tx, scope, *base)
    return day_profile(results, partial(class_of, calendar), *base)
