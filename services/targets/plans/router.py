"""Plans: changes of a tree of targets side by side, until one of them is promoted."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.targets.plans import editing, promoting, rebasing, service, transferring
from services.targets.plans.lists import PLANS
from services.targets.plans.rules import MOVES, NOUN
from services.targets.plans.schemas import (
    PlanCreate,
    PlanDiffRead,
    PlanPromote,
    PlanRead,
    PlanRebase,
    PlanTransfer,
    PlanTransferRead,
)
from services.targets.targets.lists import VISIBLE
from services.targets.targets.rules import MOVES as TARGET_MOVES
from services.targets.targets.rules import NOUN as TARGET
from services.targets.targets.schemas import TargetRead, TargetUpdate
from services.targets.units.service import visible_to

router = routes.router("plans")
changes = routes.router("targets")

PATH = "/v1/plans"
Reader = Annotated[Context, Depends(Allow("targets:read"))]
Planner = Annotated[Context, Depends(Allow("plans:write"))]
Approver = Annotated[Context, Depends(Allow("plans:approve"))]
Promoter = Annotated[Context, Depends(Allow("plans:promote"))]
TargetWriter = Annotated[Context, Depends(Allow("targets:write"))]
_PROPOSE, _APPROVE, _DROP = (shown_move(NOUN, MOVES, action) for action in ("propose", "approve", "drop"))
_UPDATE = shown_move(TARGET, TARGET_MOVES, "update")


@router.post(PATH, response_model=PlanRead, status_code=201)
async def create_plan(body: PlanCreate, work: Planner) -> Response:
    """Copy the active tree of a root, to change the copy and see what would be. A tree has at most 20 plans that are
    not promoted or dropped (409 `too-many-plans`)."""
    return row_answer(PlanRead, await service.open_plan(work, body), PATH)


@router.get(PATH, response_model=page_of(PlanRead), openapi_extra=documented(PLANS))
async def list_plans(work: Reader) -> Response:
    """Plans of the trees whose roots the caller sees."""
    return await list_answer(work, PLANS, *(await visible_to(work)).rows(VISIBLE))


@router.get(PATH + "/{plan_id}", response_model=PlanRead)
async def get_plan(plan_id: UUID, work: Reader) -> Response:
    """One plan."""
    return row_answer(PlanRead, await service.require_plan(work, plan_id))


@router.get(PATH + "/{plan_id}/diff", response_model=PlanDiffRead)
async def get_plan_diff(plan_id: UUID, work: Reader) -> Response:
    """What a plan changes of what it was copied from, by target, unit and month."""
    return json_answer(await service.read_diff(work, plan_id))


@router.post(PATH + "/{plan_id}/propose", response_model=PlanRead, openapi_extra=_PROPOSE)
async def propose_plan(plan_id: UUID, work: Planner) -> Response:
    """Propose a plan for an approval by somebody else. A change of one of its targets makes it open again."""
    return row_answer(PlanRead, await service.propose_plan(work, plan_id))


@router.post(PATH + "/{plan_id}/approve", response_model=PlanRead, openapi_extra=_APPROVE)
async def approve_plan(plan_id: UUID, work: Approver) -> Response:
    """Approve what others proposed, wrote and own (409 `second-person-needed`)."""
    return row_answer(PlanRead, await service.approve_plan(work, plan_id))


@router.post(PATH + "/{plan_id}/drop", response_model=PlanRead, openapi_extra=_DROP)
async def drop_plan(plan_id: UUID, work: Planner) -> Response:
    """Give a plan up; it stays to be read."""
    return row_answer(PlanRead, await service.drop_plan(work, plan_id))


@router.post(PATH + "/{plan_id}/promote", response_model=PlanRead)
async def promote_plan(plan_id: UUID, body: PlanPromote, work: Promoter) -> Response:
    """Let a plan be what is active from a day on, all of it or nothing. Where the policy asks for approvals it has one
    (409 `not-approved`). From a day on that a report of the tree covers: 409 `already-reported`, from one before that
    of the last promotion: 409 `effective-before-last`. Of what changed since it was copied 409 `plan-outdated` tells;
    without any difference 409 `nothing-to-change`; promoted already 409 `plan-promoted`, dropped 409 `plan-state`."""
    return row_answer(PlanRead, await promoting.promote_plan(work, plan_id, body))


@router.post(PATH + "/{plan_id}/rebase", response_model=PlanRead)
async def rebase_plan(plan_id: UUID, body: PlanRebase, work: Planner) -> Response:
    """Take over what became active since the plan was copied; what somebody set in the plan stays. What changed on both
    sides is named (409 `plan-conflicts`) unless the body says whose amounts to prefer. The plan is open then."""
    return row_answer(PlanRead, await rebasing.rebase_plan(work, plan_id, body.prefer))


@router.post(PATH + "/{plan_id}/transfers", response_model=PlanTransferRead)
async def transfer_target(plan_id: UUID, body: PlanTransfer, work: Planner) -> Response:
    """Move what is left of a member's target below another parent, by the working days (or the day profile) before and
    from a day on; what both parents have in common stays what it is (409 `transfer-apart` where there is no such
    way)."""
    found = await transferring.transfer_target(work, plan_id, body)
    stays, goes = (TargetRead.model_validate(one) for one in found)
    return json_answer(PlanTransferRead(stays=stays, goes=goes))


@changes.patch("/v1/targets/{target_id}", response_model=TargetRead, openapi_extra=_UPDATE)
async def update_target(target_id: UUID, data: TargetUpdate, version: IfMatch, work: TargetWriter) -> Response:
    """Change name, amount, owner or stretch of what does not count yet. In a plan the amount or the lock of any target
    changes: the others below its parent that are not locked share the difference, and all below shares it on."""
    return row_answer(TargetRead, await editing.update_target(work, target_id, version, data))
