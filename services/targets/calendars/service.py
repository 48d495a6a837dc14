"""Use cases of the calendar. Changes of a year take turns under its row, so that each event has all its own days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from types import MappingProxyType

from kit.calendar import Calendar, OutsideCalendar, OwnKind, calendar_of
from kit.errors import BadQuery, FieldError
from kit.events import outbox
from kit.records import Resource, add, change, fresh
from kit.versions import Versions
from kit.work import Work
from services.targets.calendars import repository
from services.targets.calendars.models import CalendarDay
from services.targets.calendars.rules import (
    FIRST_DAY,
    LAST_DAY,
    MAX_DAYS,
    Day,
    Said,
    days_of,
    own_days,
    working_days,
)
from services.targets.calendars.schemas import CalendarDayRead, CalendarQuery, CalendarRead, DaySet
from services.targets.events_out.calendars import CalendarChanged, OwnDay

DAYS = Resource("calendar-day", CalendarDay, lambda _one: None, audited=("day", "kind", "reason"), unique=("day",))


@lru_cache(maxsize=8)
def _calendar(country: str, timezone: str, own: tuple[tuple[date, OwnKind], ...]) -> Calendar:
    return calendar_of(country, timezone, MappingProxyType(dict(own)))


def _made(work: Work, said: Sequence[Said]) -> Calendar:
    return _calendar(work.settings.calendar_country, work.settings.timezone, own_days(said))


async def company_calendar(work: Work) -> Calendar:
    """The company's calendar as of now: that of its country, and its own days."""
    return _made(work, await repository.list_said(work.tx))


async def read_days(work: Work, query: CalendarQuery) -> CalendarRead:
    """Days with their kinds and sources; raises BadQuery (none, too many, or beyond the years that are known)."""
    first, last = query.first, query.last
    if last < first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])
    if (last - first).days >= MAX_DAYS:
        raise BadQuery(errors=[FieldError("to", "too-many", f"at most {MAX_DAYS} days")])
    for name, day in (("from", first), ("to", last)):
        if not FIRST_DAY <= day <= LAST_DAY:
            raise BadQuery(errors=[FieldError(name, OutsideCalendar.code, OutsideCalendar.title)])
    said = await repository.list_said(work.tx)
    calendar = _made(work, said)
    return CalendarRead(
        country=work.settings.calendar_country or None,
        calendar_known_until=calendar.known_until(),
        working_days=working_days(calendar, first, last),
        items=[CalendarDayRead.model_validate(one) for one in days_of(calendar, said, first, last)],
    )


async def read_day(work: Work, day: date) -> Day:
    """One day; raises OutsideCalendar."""
    said = await repository.list_said(work.tx)
    (found,) = days_of(_made(work, said), said, day, day)
    return found


async def set_day(work: Work, day: date, version: Versions, data: DaySet) -> Day:
    """Say that a day is off or works; the same again changes nothing. Raises OutsideCalendar, VersionMismatch."""
    return await _change(work, day, data.kind, data.reason, "set", version)


async def reset_day(work: Work, day: date) -> Day:
    """Take back what the company said of a day: it is again what its country says. Raises OutsideCalendar."""
    return await _change(work, day, None, "", "reset", Versions(None))


async def _change(work: Work, day: date, kind: OwnKind | None, reason: str, action: str, version: Versions) -> Day:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise OutsideCalendar
    await repository.lock_year(work.tx, day.year)
    before = await repository.get_day(work.tx, day)
    version.check(before.version if before else 0)
    after = before
    if before is not None:
        after = await change(work, DAYS, before, {"kind": kind, "reason": reason}, action=action)
    elif kind is not None:
        after = await add(work, DAYS, CalendarDay(**fresh(), day=day, kind=kind, reason=reason), action=action)
    if after != before:
        await _announce(work, day.year, own_days(await repository.list_said(work.tx)))
    return await read_day(work, day)


async def _announce(work: Work, year: int, own: Sequence[tuple[date, OwnKind]]) -> None:
    version = await repository.next_version(work.tx, year)
    said = CalendarChanged(
        country=work.settings.calendar_country or None,
        year=year,
        days=[OwnDay(date=day, kind=kind.value) for day, kind in own if day.year == year],
        version=version,
        business_date=work.today,
    )
    await outbox.say(work, [(said, version)])
