"""The calendar: working days, holidays and shifted days."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.responses import json_answer
from kit.web.schema import BusinessDate
from services.targets.calendars import rules, service
from services.targets.calendars.schemas import CalendarDayRead, CalendarQuery, CalendarRead, DaySet

router = routes.router("calendar-days")

Reader = Annotated[Context, Depends(Allow("units:read"))]
Writer = Annotated[Context, Depends(Allow("calendar:write"))]
Day = Annotated[BusinessDate, Path(alias="date")]


@router.get("/v1/calendar-days", response_model=CalendarRead)
async def read_calendar_days(query: Annotated[CalendarQuery, Query()], work: Reader) -> Response:
    """What each day of a period is, and how many of them work."""
    return json_answer(await service.read_days(work, query))


@router.get("/v1/calendar-days/{date}", response_model=CalendarDayRead)
async def get_calendar_day(day: Day, work: Reader) -> Response:
    """What a day is."""
    return _answer(await service.read_day(work, day))


@router.put("/v1/calendar-days/{date}", response_model=CalendarDayRead)
async def set_calendar_day(day: Day, body: DaySet, version: IfMatch, work: Writer) -> Response:
    """Say that a day is off, or that it works, whatever the country says; `If-Match: "0"` when nothing was said yet."""
    return _answer(await service.set_day(work, day, version, body))


@router.post("/v1/calendar-days/{date}/reset", response_model=CalendarDayRead)
async def reset_calendar_day(day: Day, work: Writer) -> Response:
    """Take back what the company said of a day."""
    return _answer(await service.reset_day(work, day))


def _answer(day: rules.Day) -> Response:
    return json_answer(CalendarDayRead.model_validate(day), version=day.version)
