"""Treatments: what is done about a risk, what it costs and returns."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.risks.lists import OWNER
from services.risk.treatments import service, simulations
from services.risk.treatments.lists import OF_TREATMENT, SIMULATIONS, TREATMENTS
from services.risk.treatments.models import Treatment
from services.risk.treatments.rules import MOVES
from services.risk.treatments.schemas import (
    TreatmentCancel,
    TreatmentCreate,
    TreatmentDay,
    TreatmentRead,
    TreatmentSimulate,
    TreatmentSimulationRead,
    TreatmentUpdate,
)

router = routes.router("treatments")

PATH = "/v1/treatments"
OF_ONE = PATH + "/{treatment_id}"
Reader = Annotated[Context, Depends(Allow("risk:read"))]
Writer = Annotated[Context, Depends(Allow("risk:write"))]
Exposed = Annotated[Context, Depends(Allow("risk:write", reads=service.PROJECTIONS))]
Approver = Annotated[Context, Depends(Allow("risk:approve"))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, treatment: Treatment, made_at: str | None = None) -> Response:
    return await item_answer(work, TREATMENTS, treatment.id, service.NOUN, made_at=made_at)


@router.post(PATH, response_model=TreatmentRead, status_code=201)
async def create_treatment(body: TreatmentCreate, work: Writer) -> Response:
    """Plan what is done about a risk; what is accepted again is a new treatment, approved anew."""
    treatment = await service.plan_treatment(work, body)
    return await _shown(work, treatment, f"{PATH}/{treatment.id}")


@router.get(PATH, response_model=page_of(TreatmentRead), openapi_extra=documented(TREATMENTS))
async def list_treatments(work: Reader) -> Response:
    """Treatments of risks, with the return that their last simulation has shown."""
    return await list_answer(work, TREATMENTS, work.visible.sees(OWNER), work.visible.args)


@router.get(OF_ONE, response_model=TreatmentRead)
async def get_treatment(treatment_id: UUID, work: Reader) -> Response:
    """One treatment."""
    return await item_answer(work, TREATMENTS, treatment_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.patch(OF_ONE, response_model=TreatmentRead)
async def update_treatment(treatment_id: UUID, body: TreatmentUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a plan; what is approved stays as it is."""
    return await _shown(work, await service.change_plan(work, treatment_id, version, body))


@router.post(OF_ONE + "/approve", response_model=TreatmentRead, openapi_extra=_MOVE["approve"])
async def approve_treatment(treatment_id: UUID, work: Approver) -> Response:
    """Approve a plan that others wrote. An acceptance holds through its last day; on the day after it expires, and its
    risk waits for another assessment."""
    return await _shown(work, await service.approve_treatment(work, treatment_id))


@router.post(OF_ONE + "/start", response_model=TreatmentRead, openapi_extra=_MOVE["start"])
async def start_treatment(treatment_id: UUID, body: TreatmentDay, work: Writer) -> Response:
    """Begin what was approved: an assessed risk is treated from now on. An acceptance is never started."""
    return await _shown(work, await service.start_treatment(work, treatment_id, body))


@router.post(OF_ONE + "/complete", response_model=TreatmentRead, openapi_extra=_MOVE["complete"])
async def complete_treatment(treatment_id: UUID, body: TreatmentDay, work: Exposed) -> Response:
    """Note that all is done; of a diversification the concentration of the exposures is kept."""
    return await _shown(work, await service.complete_treatment(work, treatment_id, body))


@router.post(OF_ONE + "/verify", response_model=TreatmentRead, openapi_extra=_MOVE["verify"])
async def verify_treatment(treatment_id: UUID, work: Writer) -> Response:
    """Compare the incidents of the 12 months before and after the completion, once these are over."""
    return await _shown(work, await service.verify_treatment(work, treatment_id))


@router.post(OF_ONE + "/cancel", response_model=TreatmentRead, openapi_extra=_MOVE["cancel"])
async def cancel_treatment(treatment_id: UUID, body: TreatmentCancel, work: Writer) -> Response:
    """Give a treatment up, or an acceptance back."""
    return await _shown(work, await service.cancel_treatment(work, treatment_id, body.reason))


@router.post(OF_ONE + "/simulate", response_model=TreatmentSimulationRead, status_code=201)
async def simulate_treatment(treatment_id: UUID, body: TreatmentSimulate, work: Exposed) -> Response:
    """Compute, in the background, a year of all active scenarios of the risk before and after the treatment, on the
    same random numbers: with scenarios, exposures and controls as they are now."""
    made = await simulations.simulate_treatment(work, treatment_id, body)
    where = f"{PATH}/{treatment_id}/simulations/{made.id}"
    return await item_answer(work, SIMULATIONS, made.id, simulations.NOUN, made_at=where)


@router.get(
    OF_ONE + "/simulations", response_model=page_of(TreatmentSimulationRead), openapi_extra=documented(SIMULATIONS)
)
async def list_treatment_simulations(treatment_id: UUID, work: Reader) -> Response:
    """Simulations of a treatment."""
    await service.require_treatment(work, treatment_id)
    return await list_answer(work, SIMULATIONS, OF_TREATMENT, [treatment_id])


@router.get(OF_ONE + "/simulations/{treatment_simulation_id}", response_model=TreatmentSimulationRead)
async def get_treatment_simulation(treatment_id: UUID, treatment_simulation_id: UUID, work: Reader) -> Response:
    """One simulation: losses before and after, the difference and its standard error, the return."""
    await service.require_treatment(work, treatment_id)
    return await item_answer(work, SIMULATIONS, treatment_simulation_id, simulations.NOUN, OF_TREATMENT, [treatment_id])
