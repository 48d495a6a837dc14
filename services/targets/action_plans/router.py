"""Action plans: what is done so that a target is reached."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.targets.action_plans import service
from services.targets.action_plans.lists import ACTION_PLANS
from services.targets.action_plans.models import ActionPlan
from services.targets.action_plans.rules import MOVES, NOUN
from services.targets.action_plans.schemas import (
    ActionPlanCreate,
    ActionPlanDrop,
    ActionPlanRead,
    ActionPlanUpdate,
    ItemKey,
)
from services.targets.targets.lists import VISIBLE
from services.targets.units.service import visible_to

router = routes.router("action-plans")

PATH = "/v1/action-plans"
OF_ONE = PATH + "/{action_plan_id}"
OF_STEP = OF_ONE + "/steps/{step_key}"
Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("action_plans:write"))]
_MOVE = {action: shown_move(NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, plan: ActionPlan, made_at: str | None = None) -> Response:
    return await item_answer(work, ACTION_PLANS, plan.id, NOUN, made_at=made_at)


@router.post(PATH, response_model=ActionPlanRead, status_code=201)
async def create_action_plan(body: ActionPlanCreate, work: Writer) -> Response:
    """Draft what is done so that a live target is reached: steps and milestones with owner, day and weight, what it
    needs, and what may go wrong."""
    plan = await service.add_action_plan(work, body)
    return await _shown(work, plan, f"{PATH}/{plan.id}")


@router.get(PATH, response_model=page_of(ActionPlanRead), openapi_extra=documented(ACTION_PLANS))
async def list_action_plans(work: Reader) -> Response:
    """Action plans of targets that the caller sees; `step_owner_id` finds those in which a member has to do something,
    `below_unit_id` those of a unit and of all below it."""
    return await list_answer(work, ACTION_PLANS, *(await visible_to(work)).rows(VISIBLE))


@router.get(OF_ONE, response_model=ActionPlanRead)
async def get_action_plan(action_plan_id: UUID, work: Reader) -> Response:
    """One action plan."""
    return await item_answer(work, ACTION_PLANS, action_plan_id, NOUN, *(await visible_to(work)).rows(VISIBLE))


@router.patch(OF_ONE, response_model=ActionPlanRead)
async def update_action_plan(action_plan_id: UUID, body: ActionPlanUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a plan that is neither done nor dropped. A step keeps the state that one of its key had; one that is due
    on another day was never late."""
    return await _shown(work, await service.update_action_plan(work, action_plan_id, version, body))


@router.post(OF_ONE + "/activate", response_model=ActionPlanRead, openapi_extra=_MOVE["activate"])
async def activate_action_plan(action_plan_id: UUID, work: Writer) -> Response:
    """Begin to work on a plan: from now on its steps can be done, and become overdue on the day after theirs."""
    return await _shown(work, await service.move_action_plan(work, action_plan_id, "activate"))


@router.post(OF_ONE + "/complete", response_model=ActionPlanRead, openapi_extra=_MOVE["complete"])
async def complete_action_plan(action_plan_id: UUID, work: Writer) -> Response:
    """Note that a plan is done; steps that are still open are named (409 `steps-open`)."""
    return await _shown(work, await service.move_action_plan(work, action_plan_id, "complete"))


@router.post(OF_ONE + "/drop", response_model=ActionPlanRead, openapi_extra=_MOVE["drop"])
async def drop_action_plan(action_plan_id: UUID, body: ActionPlanDrop, work: Writer) -> Response:
    """Give a plan up; it stays to be read."""
    return await _shown(work, await service.move_action_plan(work, action_plan_id, "drop", body.reason))


@router.post(OF_STEP + "/complete", response_model=ActionPlanRead)
async def complete_action_step(action_plan_id: UUID, step_key: ItemKey, work: Writer) -> Response:
    """Note that an open step of an active plan was done today; of another one 409 `action-step-state`."""
    return await _shown(work, await service.move_step(work, action_plan_id, step_key, "complete"))


@router.post(OF_STEP + "/drop", response_model=ActionPlanRead)
async def drop_action_step(action_plan_id: UUID, step_key: ItemKey, work: Writer) -> Response:
    """Give an open step of an active plan up: it counts for no progress; of another one 409 `action-step-state`."""
    return await _shown(work, await service.move_step(work, action_plan_id, step_key, "drop"))


@router.post(OF_STEP + "/reopen", response_model=ActionPlanRead)
async def reopen_action_step(action_plan_id: UUID, step_key: ItemKey, work: Writer) -> Response:
    """Take back that a step of an active plan was done or dropped. That it was late is not said again."""
    return await _shown(work, await service.move_step(work, action_plan_id, step_key, "reopen"))
