"""Checks of targets, and proposing and approving them, at which the checks are run."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.targets.checks import service
from services.targets.checks.lists import CHECK_RUNS, OF_TARGET, WITHOUT_FIGURES
from services.targets.checks.schemas import TargetApprove, TargetCheckRead
from services.targets.metrics.rules import COSTS
from services.targets.metrics.service import knows_costs
from services.targets.targets.rules import MOVES, NOUN
from services.targets.targets.schemas import TargetRead
from services.targets.targets.service import require_target

router = routes.router("targets")

PATH = "/v1/targets/{target_id}/checks"
Reader = Annotated[Context, Depends(Allow("targets:read"))]
Proposer = Annotated[Context, Depends(Allow("targets:propose"))]
Approver = Annotated[Context, Depends(Allow("targets:approve"))]
NOTHING = TargetApprove()


@router.post(PATH, response_model=TargetCheckRead, status_code=201)
async def run_target_checks(target_id: UUID, work: Proposer) -> Response:
    """Run the seven checks of a target with what is known at the end of yesterday, and keep what they find."""
    run = await service.check_target(work, target_id)
    return json_answer(TargetCheckRead.model_validate(run), 201, location=PATH.format(target_id=target_id))


@router.get(PATH, response_model=page_of(TargetCheckRead), openapi_extra=documented(CHECK_RUNS))
async def list_target_checks(target_id: UUID, work: Reader) -> Response:
    """What the checks of a target found, the newest run first."""
    is_cost = (await require_target(work, target_id)).metric in COSTS
    shown = CHECK_RUNS if knows_costs(work) or not is_cost else WITHOUT_FIGURES
    return await list_answer(work, shown, OF_TARGET, [target_id])


@router.post(
    "/v1/targets/{target_id}/propose", response_model=TargetRead, openapi_extra=shown_move(NOUN, MOVES, "propose")
)
async def propose_target(target_id: UUID, work: Proposer) -> Response:
    """Propose a draft and the drafts below it for an approval by somebody else; its checks are run and kept."""
    return row_answer(TargetRead, await service.propose_target(work, target_id))


@router.post(
    "/v1/targets/{target_id}/approve", response_model=TargetRead, openapi_extra=shown_move(NOUN, MOVES, "approve")
)
async def approve_target(target_id: UUID, work: Approver, body: Annotated[TargetApprove, Body()] = NOTHING) -> Response:
    """Approve what others proposed, wrote and own, with everything below it that is proposed.

    Who does leads the unit of the parent or one above it; a root is approved by a director (409
    `second-person-needed`). The checks of the target are run and kept; where the policy asks for checks, one that fails
    refuses the approval (409 `checks-failed`) unless `overrides` names it with a reason."""
    return row_answer(TargetRead, await service.approve_target(work, target_id, body.overrides))
