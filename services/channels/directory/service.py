"""What other slices ask of the directory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from uuid import UUID

from kit.calendar import Calendar, OwnKind, calendar_of
from kit.work import Work
from services.channels.directory import repository


@lru_cache(maxsize=8)
def _calendar(country: str, timezone: str, own: tuple[tuple[date, OwnKind], ...]) -> Calendar:
    return calendar_of(country, timezone, MappingProxyType(dict(own)))


async def company_calendar(work: Work) -> Calendar:
    """The company's calendar as of now: that of its country, and its own days."""
    years = await repository.list_years(work.tx)
    own = tuple((day.date, day.kind) for year in years for day in year.days)
    return _calendar(work.settings.calendar_country, work.settings.timezone, own)


async def is_on_hold(work: Work, partner_id: UUID) -> bool:
    """Whether a reason stands for which a partner is on hold."""
    return await repository.is_on_hold(work.tx, partner_id)


async def known_members(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Which of these are members of the sales organisation that have not left."""
    return await repository.members_of(work.tx, ids, work.today) if ids else set()
