"""What other slices ask of levels: which one a partner has on a day, and what it gives."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from kit.work import Work
from services.channels.tier_evaluations import repository
from services.channels.tier_evaluations.repository import Held

NO_LEVEL = Held(None, 0, None)


async def levels_on(work: Work, asked: Collection[tuple[UUID, date]]) -> dict[tuple[UUID, date], str]:
    """Levels of partners on days; without those that have none."""
    return await repository.levels_on(work.tx, asked) if asked else {}


async def tier_on(work: Work, partner_id: UUID | None, day: date) -> Held:
    """The level of a partner on a day; of nobody, or without one, none."""
    found = None if partner_id is None else await repository.tier_on(work.tx, partner_id, day)
    return found or NO_LEVEL
