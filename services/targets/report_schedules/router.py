"""Report schedules: of which unit, how often and at what time reports are written."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import row_answer
from services.targets.report_schedules import service
from services.targets.report_schedules.lists import OF_UNIT, REPORT_SCHEDULES
from services.targets.report_schedules.rules import MOVES, NOUN
from services.targets.report_schedules.schemas import ReportScheduleCreate, ReportScheduleRead, ReportScheduleUpdate
from services.targets.units.service import visible_to

router = routes.router("report-schedules")

PATH = "/v1/report-schedules"
ONE = PATH + "/{report_schedule_id}"
Reader = Annotated[Context, Depends(Allow("reports:read"))]
Writer = Annotated[Context, Depends(Allow("reports:write"))]
_MOVE = {action: shown_move(NOUN, MOVES, action) for action in MOVES}


@router.post(PATH, response_model=ReportScheduleRead, status_code=201)
async def create_report_schedule(body: ReportScheduleCreate, work: Writer) -> Response:
    """Let reports of a unit and of all below it be written: each covers a day, an ISO week or a month, from the one on
    that runs today, and is written at the local time of the day after it."""
    return row_answer(ReportScheduleRead, await service.add_schedule(work, body), PATH)


@router.get(PATH, response_model=page_of(ReportScheduleRead), openapi_extra=documented(REPORT_SCHEDULES))
async def list_report_schedules(work: Reader) -> Response:
    """Schedules of units that the caller sees, the newest first; `below_unit_id` finds those of a unit and of all
    below it."""
    return await list_answer(work, REPORT_SCHEDULES, *(await visible_to(work)).of_units(OF_UNIT))


@router.get(ONE, response_model=ReportScheduleRead)
async def get_report_schedule(report_schedule_id: UUID, work: Reader) -> Response:
    """One schedule."""
    where, args = (await visible_to(work)).of_units(OF_UNIT)
    return await item_answer(work, REPORT_SCHEDULES, report_schedule_id, NOUN, where, args)


@router.patch(ONE, response_model=ReportScheduleRead)
async def update_report_schedule(
    report_schedule_id: UUID, body: ReportScheduleUpdate, version: IfMatch, work: Writer
) -> Response:
    """Let reports be written at another time of the day; if that has passed today, the next one is written at once."""
    return row_answer(ReportScheduleRead, await service.update_schedule(work, report_schedule_id, version, body))


@router.post(ONE + "/pause", response_model=ReportScheduleRead, openapi_extra=_MOVE["pause"])
async def pause_report_schedule(report_schedule_id: UUID, work: Writer) -> Response:
    """Write no more reports until the schedule is resumed; what is due already is still written."""
    return row_answer(ReportScheduleRead, await service.move_schedule(work, report_schedule_id, "pause"))


@router.post(ONE + "/resume", response_model=ReportScheduleRead, openapi_extra=_MOVE["resume"])
async def resume_report_schedule(report_schedule_id: UUID, work: Writer) -> Response:
    """Write reports again, from the period on that runs today."""
    return row_answer(ReportScheduleRead, await service.move_schedule(work, report_schedule_id, "resume"))


@router.post(ONE + "/archive", response_model=ReportScheduleRead, openapi_extra=_MOVE["archive"])
async def archive_report_schedule(report_schedule_id: UUID, work: Writer) -> Response:
    """Write no more reports; those that were written stay."""
    return row_answer(ReportScheduleRead, await service.move_schedule(work, report_schedule_id, "archive"))


@router.post(ONE + "/restore", response_model=ReportScheduleRead, openapi_extra=_MOVE["restore"])
async def restore_report_schedule(report_schedule_id: UUID, work: Writer) -> Response:
    """Undo an archive: the schedule is paused, and writes reports again when it is resumed."""
    return row_answer(ReportScheduleRead, await service.move_schedule(work, report_schedule_id, "restore"))
