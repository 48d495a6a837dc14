"""Simulations of rebate programmes: what one would have cost."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.channels.simulations import service
from services.channels.simulations.lists import RESULTS, SIMULATIONS
from services.channels.simulations.schemas import (
    RebateSimulationCreate,
    RebateSimulationRead,
    RebateSimulationResultRead,
)

router = routes.router("rebate-simulations")
PATH = "/v1/rebate-simulations"
ONE = PATH + "/{rebate_simulation_id}"

Reader = Annotated[Context, Depends(Allow("rebates:read"))]
Starter = Annotated[Context, Depends(Allow("programmes:write", reads=("sales",)))]


@router.post(PATH, response_model=RebateSimulationRead, status_code=202)
async def start_rebate_simulation(body: RebateSimulationCreate, work: Starter) -> Response:
    """Compute what a plan would give over the orders of some days: a job with the id of the simulation.

    It comes to the cent to what a programme of these terms gives that was published before the first of the orders, as
    long as no statement closes one of its periods. Nothing is accrued.
    """
    made = await service.start_simulation(work, body)
    return json_answer(RebateSimulationRead.model_validate(made), 202, location=f"{PATH}/{made.id}")


@router.get(PATH, response_model=page_of(RebateSimulationRead), openapi_extra=documented(SIMULATIONS))
async def list_rebate_simulations(work: Reader) -> Response:
    """Simulations, the newest first; `partner_id` finds those made for that partner by name."""
    return await list_answer(work, SIMULATIONS)


@router.get(ONE, response_model=RebateSimulationRead)
async def get_rebate_simulation(rebate_simulation_id: UUID, work: Reader) -> Response:
    """One simulation."""
    row, failure = await service.shown_simulation(work, rebate_simulation_id)
    return row_answer(RebateSimulationRead, row, more={"failure": failure})


@router.get(ONE + "/results", response_model=page_of(RebateSimulationResultRead), openapi_extra=documented(RESULTS))
async def list_rebate_simulation_results(rebate_simulation_id: UUID, work: Reader) -> Response:
    """What a simulation comes to for each partner, the largest rebate first."""
    row = await service.require_simulation(work, rebate_simulation_id)
    return await list_answer(work, RESULTS, "r.simulation_id = $1", [row.id])
