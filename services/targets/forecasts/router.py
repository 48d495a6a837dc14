"""Forecasts: where a target will end, how probable it is, and how right forecasts were."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.jobs.jobs import JobNotFound, require_job
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.operations import JobRead, job_answer
from kit.web.problems import MEDIA_TYPE
from kit.web.responses import json_answer
from services.targets.forecasts import service
from services.targets.forecasts.schemas import (
    BacktestCreate,
    CalibrationQuery,
    CalibrationRead,
    ForecastQuery,
    ForecastRead,
)

router = routes.router("forecasts")

Reader = Annotated[Context, Depends(Allow("forecasts:read"))]
Tester = Annotated[Context, Depends(Allow("forecasts:backtest"))]

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSED: dict[int | str, dict[str, Any]] = {
    404: {"description": "A target, unit or member is unknown or not visible to the caller", "content": _PROBLEM},
    422: {"description": "A filter names something that nobody knows", "content": _PROBLEM},
}


@router.get("/v1/forecasts", response_model=ForecastRead, responses=_REFUSED)
async def read_forecast(query: Annotated[ForecastQuery, Query()], work: Reader) -> Response:
    """How probable it is that a target is reached, and where its period may end: from the results of days drawn 2,000
    times (`daily`), or from the share that earlier periods had by then (`share`). The same call gives the same bytes
    until something is credited, changed or measured anew."""
    return json_answer(await service.tell_forecast(work, query))


@router.get("/v1/forecasts/calibration", response_model=CalibrationRead, responses=_REFUSED)
async def read_calibration(query: Annotated[CalibrationQuery, Query()], work: Reader) -> Response:
    """How far forecasts of a scope and kind of periods were right, as the newest backtest of it found."""
    return json_answer(await service.read_calibration(work, query))


@router.post("/v1/forecasts/backtests", response_model=JobRead, status_code=202)
async def create_backtest(body: BacktestCreate, work: Tester) -> Response:
    """Measure the record of a scope and kind of periods: a job that asks on days of periods that have ended, with what
    was known at the end of each day. The method with the lower Brier score serves from then on."""
    job_id = await service.start_backtest(work, body)
    return job_answer(await require_job(work.tx, job_id), 202, f"/v1/forecasts/backtests/{job_id}")


@router.get("/v1/forecasts/backtests/{backtest_id}", response_model=JobRead)
async def get_backtest(backtest_id: UUID, work: Tester) -> Response:
    """Progress of a backtest; its record is that of the calibration."""
    job = await require_job(work.tx, backtest_id)
    if job["kind"] != service.BACKTEST:
        raise JobNotFound
    return job_answer(job)
