"""What other slices ask of the sales organisation: its calendar, and who leads whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Final
from uuid import UUID

from kit.calendar import Calendar, Hours, OwnKind, calendar_of
from kit.work import Work
from services.customer.directories import service as directories
from services.customer.organisation import repository
from services.customer.organisation.rules import Owners
from services.customer.policies import service as policies
from services.customer.policies.bodies import HoursBody, Week, minutes_of
from services.customer.policies.enums import PolicyKind

PROJECTIONS: Final = ("calendar_year", "unit_lead")


@lru_cache(maxsize=8)
def _calendar(
    country: str, timezone: str, own: tuple[tuple[date, OwnKind], ...], hours: tuple[tuple[date, Hours], ...]
) -> Calendar:
    return calendar_of(country, timezone, MappingProxyType(dict(own)), hours[0][1], hours[1:])


async def company_calendar(work: Work) -> Calendar:
    """The company's calendar as of now: that of its country, its own days, and the working hours of each day."""
    years = await repository.list_years(work.tx)
    own = tuple((day.date, day.kind) for year in years for day in year.days)
    hours = [(one.valid_from, one.body) for one in await policies.policies_by_day(work, PolicyKind.HOURS)]
    held = tuple((day, _hours(body)) for day, body in hours if day is not None and isinstance(body, HoursBody))
    return _calendar(work.settings.calendar_country, work.settings.timezone, own, held)


def _hours(body: HoursBody) -> Hours:
    days = tuple(minutes_of(getattr(body.weekdays, name)) for name in Week.model_fields)
    return Hours(days, days[0] if body.makeup_windows is None else minutes_of(body.makeup_windows))


async def leads_of(work: Work, member_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Who is above each member and has not left, the nearest lead first, nobody twice; members without one are
    missing."""
    found: dict[UUID, list[UUID]] = {}
    for one in await repository.leads_above(work.tx, member_ids, work.today) if member_ids else ():
        above = found.setdefault(one.member_id, [])
        if one.lead_id not in above:
            above.append(one.lead_id)
    return found


async def default_owners(work: Work, owners: Iterable[UUID | None]) -> Owners:
    """Whose something new becomes that belongs to what these have; a caller who sees everything and has left the sales
    organisation is no seller."""
    own = await directories.seller_of_subject(work, work.actor.subject)
    named = {one for one in (*owners, own) if one is not None}
    left = (await directories.find_sellers(work, named)).left
    if own in left and (await work.scope()).everything:
        own = None
    above = await leads_of(work, left)
    return Owners(own, {one: next(iter(above.get(one, ())), None) for one in left})


async def hold_calendar(work: Work) -> None:
    """Whoever starts clocks holds the calendar before any row: who changes it waits, and then sees those clocks."""
    await repository.hold_calendar(work.tx)


async def take_calendar(work: Work) -> None:
    """Whoever changes the calendar waits for those who hold it; who comes later sees the change."""
    await repository.take_calendar(work.tx)
