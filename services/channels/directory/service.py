"""What other slices ask of the directory."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from kit.calendar import Calendar, OwnKind, calendar_of
from kit.errors import FieldError, Invalid
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


class OwnerLeft(Invalid):
    """Who has left the sales organisation is given nothing new."""

    code, title = "owner-left", "The owner has left"

    def __init__(self, *pointers: str) -> None:
        super().__init__(errors=[FieldError(pointer, self.code, "has left") for pointer in pointers])


class Members(NamedTuple):
    """Those of some ids that are members of the sales organisation, and those of them who have left it."""

    known: frozenset[UUID]
    left: frozenset[UUID]


async def known_members(work: Work, ids: Collection[UUID], day: date | None = None) -> Members:
    """Which of these are members of the sales organisation, and who of them has left by a day (None: today)."""
    found = await repository.known_members(work.tx, ids, day or work.today) if ids else []
    return Members(frozenset(one.id for one in found), frozenset(one.id for one in found if one.has_left))
