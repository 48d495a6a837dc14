"""Grading: accounts by revenue of a period, under a policy."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.fields import shown_list
from kit.security.principals import owned_rows
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from kit.work import Work
from services.customer.grading import service
from services.customer.grading.lists import COSTS, GRADING_RESULTS, GRADING_RUNS
from services.customer.grading.schemas import (
    AccountGradeRead,
    GradeResultPage,
    GradingRunCreate,
    GradingRunPage,
    GradingRunRead,
)

router = routes.router("grading")
Reader = Annotated[Context, Depends(Allow("insights:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]


def _shown(work: Work, read: GradingRunRead | AccountGradeRead) -> GradingRunRead | AccountGradeRead:
    """An answer without amounts of profit for who may not know what things cost."""
    hidden = {"profit_base", "profit_cut"} & type(read).model_fields.keys()
    return read if work.actor.may("costs:read") else read.model_copy(update=dict.fromkeys(hidden))


@router.post("/v1/grading-runs", response_model=GradingRunRead, status_code=202)
async def create_grading_run(body: GradingRunCreate, work: Writer) -> Response:
    """Grade accounts by revenue and profit: a job, which has the id of the run."""
    run = await service.start_run(work, body)
    return json_answer(run, 202, location=f"/v1/grading-runs/{run.id}")


@router.get("/v1/grading-runs", response_model=GradingRunPage, openapi_extra=documented(GRADING_RUNS))
async def list_grading_runs(work: Reader) -> Response:
    """Runs, newest first."""
    return await list_answer(work, GRADING_RUNS)


@router.get("/v1/grading-runs/{grading_run_id}", response_model=GradingRunRead)
async def get_grading_run(grading_run_id: UUID, work: Reader) -> Response:
    """A run and the state of its job."""
    return json_answer(_shown(work, await service.get_run(work, grading_run_id)))


@router.get(
    "/v1/grading-runs/{grading_run_id}/results",
    response_model=GradeResultPage,
    openapi_extra=documented(GRADING_RESULTS),
)
async def list_grading_results(grading_run_id: UUID, work: Reader) -> Response:
    """What a run says of each account that the caller sees."""
    await service.get_run(work, grading_run_id)
    where, args = await owned_rows(work.tx, work.visible, "a.owner_id")
    spec = shown_list(GRADING_RESULTS, COSTS, work.actor)
    return await list_answer(work, spec, f"s.run_id = ${len(args) + 1} AND {where}", [*args, grading_run_id])


@router.get("/v1/accounts/{account_id}/grade", response_model=AccountGradeRead)
async def get_account_grade(account_id: UUID, work: Reader) -> Response:
    """The grade of an account: what it was found by, what it takes to rise, what will count no more."""
    return json_answer(_shown(work, await service.read_grade(work, account_id)))
