"""The night: at 00:10 of every day all accounts and partners are scored. After days without a worker they are scored
once, as of the day that it is: an earlier day would grade nobody, and can be asked for.

Scores are kept for three years, as long as a scorecard looks back; those that moved a grade, and those that somebody
asked for, stay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from kit import clock
from kit.clock import business_date, start_of_day
from kit.due.due import Due
from kit.events.projections import require_filled
from kit.work import Work
from services.risk.scorecards import repository
from services.risk.scorecards.jobs import PROJECTIONS
from services.risk.scorecards.models import ScoreSweep, ScoringNight
from services.risk.scorecards.service import start_night

AFTER_MIDNIGHT: Final = timedelta(minutes=10)
KEPT: Final = timedelta(days=3 * 365 + 1)
FORGOTTEN: Final = 5000
AT_ONCE: Final = timedelta(microseconds=1)


async def begin_night(work: Work, rows: Sequence[ScoringNight]) -> None:
    """Enqueue the run of today, and wait for the next night. What is due at another time (since it was installed, or
    the company's zone was changed) only waits."""
    await require_filled(work.tx, PROJECTIONS)
    timezone = work.settings.timezone
    if any(is_night(row.due_at, timezone) for row in rows):
        await start_night(work)
    for row in rows:
        await repository.put_off(work.tx, row.id, next_night(clock.now(), work.today, timezone))


def is_night(moment: datetime, timezone: str) -> bool:
    """Whether a moment is a 00:10 in the company's zone."""
    return moment == start_of_day(timezone, business_date(timezone, moment)) + AFTER_MIDNIGHT


def next_night(now: datetime, today: date, timezone: str) -> datetime:
    """The first 00:10 in the company's zone after a moment."""
    tonight = start_of_day(timezone, today) + AFTER_MIDNIGHT
    return tonight if tonight > now else start_of_day(timezone, today + timedelta(1)) + AFTER_MIDNIGHT


async def forget_scores(work: Work, rows: Sequence[ScoreSweep]) -> None:
    """Drop scores that have been kept long enough, some thousand at a time, until there are none; again tomorrow."""
    now = clock.now()
    dropped = await repository.forget(work.tx, now - KEPT, FORGOTTEN)
    tomorrow = start_of_day(work.settings.timezone, work.today + timedelta(1))
    for row in rows:
        due_at = row.due_at + AT_ONCE if dropped == FORGOTTEN else tomorrow
        await repository.put_off_sweep(work.tx, row.id, due_at)


SCORES_DUE = Due("credit-score", ScoreSweep, forget_scores)
NIGHTS_DUE = Due("scoring-night", ScoringNight, begin_night)
