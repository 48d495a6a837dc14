"""Use cases of report schedules: made, changed, paused, resumed, archived, and moved on by each report."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import NotFound, StateConflict
from kit.records import Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.targets.report_schedules.enums import ReportScheduleState
from services.targets.report_schedules.models import ReportSchedule
from services.targets.report_schedules.rules import CHANGEABLE, MOVES, NOUN, Period, due_moment, period_of
from services.targets.report_schedules.schemas import ReportScheduleCreate, ReportScheduleUpdate
from services.targets.units.service import UnitUnknown, check_meets, require_named_unit, visible_to

SCHEDULES = Resource(NOUN, ReportSchedule, lambda _one: None, audited=tuple(ReportScheduleCreate.model_fields))


def _dated(work: Work, period: Period, local_time: str) -> dict[str, Any]:
    return {"next_start": period.first, "due_at": due_moment(work.settings.timezone, period, local_time)}


async def require_schedule(
    work: Work, schedule_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> ReportSchedule:
    """A schedule of a unit that the caller sees; raises NotFound, VersionMismatch."""
    found = await require(work, SCHEDULES, schedule_id, lock=lock)
    if not (await visible_to(work)).sees(None, found.unit_id):
        raise NotFound(what=NOUN)
    if version is not None:
        version.check(found.version)
    return found


async def add_schedule(work: Work, data: ReportScheduleCreate) -> ReportSchedule:
    """Write reports from the period on that runs today; raises UnitUnknown, also for a unit out of scope,
    UnitOutside (it has ended)."""
    unit = await require_named_unit(work, data.unit_id, "/unit_id", hold=True)
    if not (await visible_to(work)).sees(None, data.unit_id):
        raise UnitUnknown("/unit_id")
    check_meets(unit, work.today, date.max, "/unit_id")
    dated = _dated(work, period_of(data.cadence, work.today), data.local_time)
    row = ReportSchedule(**fresh(), **data.model_dump(), **dated, state=ReportScheduleState.ACTIVE)
    return await add(work, SCHEDULES, row)


async def update_schedule(
    work: Work, schedule_id: UUID, version: Versions, data: ReportScheduleUpdate
) -> ReportSchedule:
    """Write at another time, at once where that has passed; what was due already stays due since then.

    Raises NotFound, VersionMismatch, StateConflict (archived).
    """
    before = await require_schedule(work, schedule_id, version=version, lock=True)
    if before.state not in CHANGEABLE:
        raise StateConflict(NOUN, "update", before.state, CHANGEABLE)
    given, now = data.given(), clock.now()
    if given.get("local_time", before.local_time) != before.local_time and before.due_at and before.due_at > now:
        period = period_of(before.cadence, before.next_start)
        given["due_at"] = max(now, due_moment(work.settings.timezone, period, given["local_time"]))
    return await change(work, SCHEDULES, before, given)


async def move_schedule(work: Work, schedule_id: UUID, action: str) -> ReportSchedule:
    """Pause, resume, archive or restore a schedule; raises NotFound, StateConflict.

    One that was paused goes on with the period that runs on the day of its return, unless something is still due.
    """
    before = await require_schedule(work, schedule_id, lock=True)
    state, now = next_state(NOUN, MOVES, action, before.state), clock.now()
    changes: dict[str, Any] = {"state": state}
    if state is ReportScheduleState.ACTIVE:
        changes["stopped_at"] = None
        if before.due_at is None:
            running = period_of(before.cadence, max(work.today, before.next_start))
            changes |= _dated(work, running, before.local_time)
    else:
        is_due = before.due_at is not None and before.due_at <= now
        changes |= {"stopped_at": before.stopped_at or now, "due_at": before.due_at if is_due else None}
    return await change(work, SCHEDULES, before, changes, action=action)


async def advance(work: Work, row: ReportSchedule) -> ReportSchedule:
    """Wait for the end of the next period; one that was stopped only for what was due by then."""
    written = period_of(row.cadence, row.next_start)
    dated = _dated(work, written.following(row.cadence), row.local_time)
    if row.stopped_at is not None and dated["due_at"] > row.stopped_at:
        dated["due_at"] = None
    return await change(work, SCHEDULES, row, dated, action="report")
