"""RFM: accounts ranked by recency, frequency and money as of a day, and who moved between segments."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.security.principals import owned_rows
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.rfm import service
from services.customer.rfm.lists import RFM_RESULTS, RFM_RUNS
from services.customer.rfm.schemas import (
    RfmMigrationQuery,
    RfmMigrationRead,
    RfmResultPage,
    RfmRunCreate,
    RfmRunPage,
    RfmRunRead,
    RfmSegmentsRead,
)

router = routes.router("rfm")
Reader = Annotated[Context, Depends(Allow("insights:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]


@router.post("/v1/rfm-runs", response_model=RfmRunRead, status_code=202)
async def create_rfm_run(body: RfmRunCreate, work: Writer) -> Response:
    """Rank accounts by recency, frequency and money: a job, which has the id of the run."""
    run = await service.start_run(work, body)
    return json_answer(run, 202, location=f"/v1/rfm-runs/{run.id}")


@router.get("/v1/rfm-runs", response_model=RfmRunPage, openapi_extra=documented(RFM_RUNS))
async def list_rfm_runs(work: Reader) -> Response:
    """Runs, newest first."""
    return await list_answer(work, RFM_RUNS)


@router.get("/v1/rfm-runs/{rfm_run_id}", response_model=RfmRunRead)
async def get_rfm_run(rfm_run_id: UUID, work: Reader) -> Response:
    """A run and the state of its job."""
    return json_answer(await service.get_run(work, rfm_run_id))


@router.get("/v1/rfm-runs/{rfm_run_id}/results", response_model=RfmResultPage, openapi_extra=documented(RFM_RESULTS))
async def list_rfm_results(rfm_run_id: UUID, work: Reader) -> Response:
    """What a run says of each account that the caller sees."""
    await service.get_run(work, rfm_run_id)
    where, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    return await list_answer(work, RFM_RESULTS, f"s.run_id = ${len(args) + 1} AND {where}", [*args, rfm_run_id])


@router.get("/v1/rfm-runs/{rfm_run_id}/segments", response_model=RfmSegmentsRead)
async def get_rfm_segments(rfm_run_id: UUID, work: Reader) -> Response:
    """How many of the accounts that the caller sees are in which segment."""
    return json_answer(await service.segments_of(work, rfm_run_id))


@router.get("/v1/rfm-migrations", response_model=RfmMigrationRead)
async def get_rfm_migrations(query: Annotated[RfmMigrationQuery, Query()], work: Reader) -> Response:
    """How accounts moved between the segments of two days."""
    return json_answer(await service.migrations(work, query))
