"""SQL of the company's own days."""

from __future__ import annotations

from datetime import date

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.targets.calendars.models import CalendarDay
from services.targets.calendars.rules import Said

_SAID = "SELECT day, kind, reason, version FROM calendar_day ORDER BY day"
_DAY = select_sql(CalendarDay, "day = $1")
_ADD_YEAR = "INSERT INTO calendar_year (year, version) VALUES ($1, 0) ON CONFLICT DO NOTHING"
_LOCK_YEAR = "SELECT version FROM calendar_year WHERE year = $1 FOR UPDATE"
_NEXT_VERSION = "UPDATE calendar_year SET version = version + 1 WHERE year = $1 RETURNING version"


async def list_said(tx: Tx) -> list[Said]:
    """What the company has said of days, in order, also what it has taken back."""
    return await tx.rows(Said, _SAID)


async def get_day(tx: Tx, day: date) -> CalendarDay | None:
    """What the company has said of a day, or None."""
    return await tx.row(CalendarDay, _DAY, day)


async def lock_year(tx: Tx, year: int) -> None:
    """Keep out other changes of the year until the commit."""
    await tx.execute(_ADD_YEAR, year)
    await tx.fetchval(_LOCK_YEAR, year)


async def next_version(tx: Tx, year: int) -> int:
    """Count a change of the year."""
    return int(await tx.fetchval(_NEXT_VERSION, year))
