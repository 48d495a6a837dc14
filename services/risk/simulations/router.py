"""HTTP door of simulations of policies."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.scorecards.jobs import PROJECTIONS
from services.risk.simulations import service
from services.risk.simulations.lists import OWNER, RESULTS, SIMULATIONS
from services.risk.simulations.schemas import RiskPolicySimulationRead, RiskPolicySimulationResultRead

router = routes.router("risk-policy-simulations")
PATH = "/v1/risk-policy-simulations"
ONE = PATH + "/{risk_policy_simulation_id}"

Reader = Annotated[Context, Depends(Allow("risk:read"))]
Starter = Annotated[Context, Depends(Allow("policies:write", reads=PROJECTIONS))]


@router.post("/v1/risk-policies/{policy_id}/simulate", response_model=RiskPolicySimulationRead, status_code=202)
async def simulate_risk_policy(policy_id: UUID, work: Starter) -> Response:
    """Find whose grade, limit, hold or band would move under a version of a policy: a job with the id of the
    simulation. Profiles, holds and assessments stay as they are.

    Accounts and partners as a night of today would grade them, of scorecards, terms and holds; risks that are not
    closed, of matrices. Clauses and forward move nothing (422 `kind-not-simulated`).
    """
    found = await service.start_simulation(work, policy_id)
    answer = await item_answer(work, SIMULATIONS, found, service.NOUN, made_at=f"{PATH}/{found}")
    answer.status_code = 202
    return answer


@router.get(PATH, response_model=page_of(RiskPolicySimulationRead), openapi_extra=documented(SIMULATIONS))
async def list_risk_policy_simulations(work: Reader) -> Response:
    """Simulations of policies, the latest first."""
    return await list_answer(work, SIMULATIONS)


@router.get(ONE, response_model=RiskPolicySimulationRead)
async def get_risk_policy_simulation(risk_policy_simulation_id: UUID, work: Reader) -> Response:
    """One simulation and the state of its job."""
    return await item_answer(work, SIMULATIONS, risk_policy_simulation_id, service.NOUN)


@router.get(ONE + "/results", response_model=page_of(RiskPolicySimulationResultRead), openapi_extra=documented(RESULTS))
async def list_risk_policy_simulation_results(risk_policy_simulation_id: UUID, work: Reader) -> Response:
    """Accounts, partners, or assessments of risks, that would move; of a job that was cancelled those it had found."""
    row = await service.require_simulation(work, risk_policy_simulation_id)
    query = work.visible
    return await list_answer(work, RESULTS, f"r.simulation_id = $1 AND {query.sees(OWNER, 2)}", [row.id, *query.args])
