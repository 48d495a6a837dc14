"""Adjustments: what is done when a target is not on its way, and what it brought."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends
from starlette.responses import Response

from kit.db.lists import ListSpec
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer
from services.targets.action_plans.schemas import ItemKey
from services.targets.adjustments import measuring, service
from services.targets.adjustments.lists import ADJUSTMENTS, COST, FIGURES
from services.targets.adjustments.models import Adjustment
from services.targets.adjustments.rules import MOVES, NOUN
from services.targets.adjustments.schemas import (
    AdjustmentCreate,
    AdjustmentEffectRead,
    AdjustmentExecute,
    AdjustmentRead,
    AdjustmentReason,
    AdjustmentUpdate,
)
from services.targets.metrics.service import shown_list
from services.targets.targets.lists import VISIBLE
from services.targets.units.service import visible_to

router = routes.router("adjustments")

PATH = "/v1/adjustments"
OF_ONE = PATH + "/{adjustment_id}"
OF_MEASURE = OF_ONE + "/measures/{measure_key}"
Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("adjustments:write"))]
Approver = Annotated[Context, Depends(Allow("adjustments:approve"))]
TODAY = AdjustmentExecute()
_MOVE = {action: shown_move(NOUN, MOVES, action) for action in MOVES}


def _list(work: Context) -> ListSpec:
    return shown_list(work, ADJUSTMENTS, FIGURES, COST)


async def _shown(work: Context, row: Adjustment, made_at: str | None = None) -> Response:
    return await item_answer(work, _list(work), row.id, NOUN, made_at=made_at)


@router.post(PATH, response_model=AdjustmentRead, status_code=201)
async def create_adjustment(body: AdjustmentCreate, work: Writer) -> Response:
    """Draft what is done about a target that is not on its way: strategy, measures with owner and day, and the plan of
    its tree that the execution promotes. An alert that called for it is one of the tree (422 `trigger-unnamed`)."""
    row = await service.add_adjustment(work, body)
    return await _shown(work, row, f"{PATH}/{row.id}")


@router.get(PATH, response_model=page_of(AdjustmentRead), openapi_extra=documented(ADJUSTMENTS))
async def list_adjustments(work: Reader) -> Response:
    """Adjustments of targets that the caller sees, the newest first; `below_unit_id` finds those of a unit and of all
    below it."""
    return await list_answer(work, _list(work), *(await visible_to(work)).rows(VISIBLE))


@router.get(OF_ONE, response_model=AdjustmentRead)
async def get_adjustment(adjustment_id: UUID, work: Reader) -> Response:
    """One adjustment."""
    return await item_answer(work, _list(work), adjustment_id, NOUN, *(await visible_to(work)).rows(VISIBLE))


@router.get(OF_ONE + "/effect", response_model=AdjustmentEffectRead)
async def get_adjustment_effect(adjustment_id: UUID, work: Reader) -> Response:
    """What an adjustment brought: what was measured after 60 working days, before that what can be told at the end of
    yesterday. Less than 20 working days after its execution `insufficient_data` says so."""
    effect = await measuring.read_effect(work, adjustment_id)
    return json_answer(AdjustmentEffectRead.model_validate(effect))


@router.patch(OF_ONE, response_model=AdjustmentRead, openapi_extra=_MOVE["update"])
async def update_adjustment(adjustment_id: UUID, body: AdjustmentUpdate, version: IfMatch, work: Writer) -> Response:
    """Change what is not executed yet; a proposal or approval of it is void then."""
    return await _shown(work, await service.update_adjustment(work, adjustment_id, version, body))


@router.post(OF_ONE + "/propose", response_model=AdjustmentRead, openapi_extra=_MOVE["propose"])
async def propose_adjustment(adjustment_id: UUID, work: Writer) -> Response:
    """Propose an adjustment for an approval by somebody else."""
    return await _shown(work, await service.propose_adjustment(work, adjustment_id))


@router.post(OF_ONE + "/reject", response_model=AdjustmentRead, openapi_extra=_MOVE["reject"])
async def reject_adjustment(adjustment_id: UUID, body: AdjustmentReason, work: Approver) -> Response:
    """Refuse a proposal; it is a draft again."""
    return await _shown(work, await service.reject_adjustment(work, adjustment_id, body.reason))


@router.post(OF_ONE + "/approve", response_model=AdjustmentRead, openapi_extra=_MOVE["approve"])
async def approve_adjustment(adjustment_id: UUID, work: Approver) -> Response:
    """Approve what others proposed, wrote and own (409 `second-person-needed`)."""
    return await _shown(work, await service.approve_adjustment(work, adjustment_id))


@router.post(OF_ONE + "/start", response_model=AdjustmentRead, openapi_extra=_MOVE["start"])
async def start_adjustment(adjustment_id: UUID, work: Writer) -> Response:
    """Begin the measures of what was approved: from now on they can be done, and become overdue."""
    return await _shown(work, await service.start_adjustment(work, adjustment_id))


@router.post(OF_ONE + "/execute", response_model=AdjustmentRead, openapi_extra=_MOVE["execute"])
async def execute_adjustment(
    adjustment_id: UUID, work: Writer, body: Annotated[AdjustmentExecute, Body()] = TODAY
) -> Response:
    """Note that all measures are done (409 `measures-open`), and promote the plan in the same transaction, which needs
    `plans:promote`; what refuses the promotion refuses the execution. The effect is measured after 60 working days."""
    return await _shown(work, await service.execute_adjustment(work, adjustment_id, body))


@router.post(OF_ONE + "/drop", response_model=AdjustmentRead, openapi_extra=_MOVE["drop"])
async def drop_adjustment(adjustment_id: UUID, body: AdjustmentReason, work: Writer) -> Response:
    """Give up what is not executed; it stays to be read, and so does its plan."""
    return await _shown(work, await service.drop_adjustment(work, adjustment_id, body.reason))


@router.post(OF_MEASURE + "/complete", response_model=AdjustmentRead)
async def complete_adjustment_measure(adjustment_id: UUID, measure_key: ItemKey, work: Writer) -> Response:
    """Note that an open measure was done today; of another one 409 `adjustment-measure-state`."""
    return await _shown(work, await service.move_measure(work, adjustment_id, measure_key, "complete"))


@router.post(OF_MEASURE + "/drop", response_model=AdjustmentRead)
async def drop_adjustment_measure(adjustment_id: UUID, measure_key: ItemKey, work: Writer) -> Response:
    """Give an open measure up; of another one 409 `adjustment-measure-state`."""
    return await _shown(work, await service.move_measure(work, adjustment_id, measure_key, "drop"))


@router.post(OF_MEASURE + "/reopen", response_model=AdjustmentRead)
async def reopen_adjustment_measure(adjustment_id: UUID, measure_key: ItemKey, work: Writer) -> Response:
    """Take back that a measure was done or dropped, while the adjustment is executed."""
    return await _shown(work, await service.move_measure(work, adjustment_id, measure_key, "reopen"))
