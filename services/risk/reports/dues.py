"""The night: at 00:20 of every day, once accounts are scored, the dashboard of the day before is kept. After days
without a worker each of them gets its own, one after the other, which says that it is late."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from kit.clock import start_of_day
from kit.due.due import Due
from kit.events.projections import require_filled
from kit.work import Work
from services.risk.reports import repository
from services.risk.reports.models import SnapshotNight
from services.risk.reports.rules import DAY
from services.risk.reports.service import PROJECTIONS, take_snapshot

AFTER_MIDNIGHT: Final = timedelta(minutes=20)


async def take_snapshots(work: Work, rows: Sequence[SnapshotNight]) -> None:
    """Keep the day that is due, at first that before the installation, and wait for the end of the next."""
    await require_filled(work.tx, PROJECTIONS)
    for row in rows:
        day = row.day or work.today - DAY
        await take_snapshot(work, day)
        due_at = start_of_day(work.settings.timezone, day + 2 * DAY) + AFTER_MIDNIGHT
        await repository.wait_for(work.tx, row.id, day + DAY, due_at)


SNAPSHOTS_DUE = Due("risk-snapshot", SnapshotNight, take_snapshots)
