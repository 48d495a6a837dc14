"""Scenarios: how often a risk costs something, and how much each time."""

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
from services.risk.risks.lists import OWNER
from services.risk.scenarios import service
from services.risk.scenarios.lists import SCENARIOS
from services.risk.scenarios.rules import MOVES
from services.risk.scenarios.schemas import ScenarioCreate, ScenarioEstimate, ScenarioRead, ScenarioUpdate

router = routes.router("scenarios")

PATH = "/v1/scenarios"
Reader = Annotated[Context, Depends(Allow("risk:read"))]
Writer = Annotated[Context, Depends(Allow("risk:write"))]
Estimator = Annotated[Context, Depends(Allow("risk:write", reads=service.PROJECTIONS))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


@router.post(PATH, response_model=ScenarioRead, status_code=201)
async def create_scenario(body: ScenarioCreate, work: Writer) -> Response:
    """Enter how often a risk causes a loss, and how much each time."""
    return row_answer(ScenarioRead, await service.create_scenario(work, body), PATH)


@router.get(PATH, response_model=page_of(ScenarioRead), openapi_extra=documented(SCENARIOS))
async def list_scenarios(work: Reader) -> Response:
    """Scenarios of risks."""
    return await list_answer(work, SCENARIOS, work.visible.sees(OWNER), work.visible.args)


@router.get(PATH + "/{scenario_id}", response_model=ScenarioRead)
async def get_scenario(scenario_id: UUID, work: Reader) -> Response:
    """One scenario."""
    return await item_answer(work, SCENARIOS, scenario_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.patch(PATH + "/{scenario_id}", response_model=ScenarioRead)
async def update_scenario(scenario_id: UUID, body: ScenarioUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a scenario; studies that ran keep what they ran with, and are stale."""
    return row_answer(ScenarioRead, await service.change_scenario(work, scenario_id, version, body))


@router.post(PATH + "/{scenario_id}/estimate", response_model=ScenarioRead)
async def estimate_scenario(scenario_id: UUID, body: ScenarioEstimate, work: Estimator) -> Response:
    """Estimate both distributions from losses: of incidents, of items open for more than 90 days, of returns, of
    cancelled orders, of a year's net sales to customers who left (`churned_revenue`), or of what making good did cost
    (`remedy_cost`). Fewer than 10 losses (`insufficient_data`) leave them as they are."""
    return row_answer(ScenarioRead, await service.estimate_scenario(work, scenario_id, body))


@router.post(PATH + "/{scenario_id}/archive", response_model=ScenarioRead, openapi_extra=_MOVE["archive"])
async def archive_scenario(scenario_id: UUID, work: Writer) -> Response:
    """Keep a scenario out of new studies; those that ran with it are stale."""
    return row_answer(ScenarioRead, await service.move_scenario(work, scenario_id, "archive"))


@router.post(PATH + "/{scenario_id}/restore", response_model=ScenarioRead, openapi_extra=_MOVE["restore"])
async def restore_scenario(scenario_id: UUID, work: Writer) -> Response:
    """Let studies have an archived scenario again."""
    return row_answer(ScenarioRead, await service.move_scenario(work, scenario_id, "restore"))
