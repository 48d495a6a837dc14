"""Adjustments of rebates: what was accrued, corrected by hand."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.adjustments import service
from services.channels.adjustments.lists import ADJUSTMENTS
from services.channels.adjustments.schemas import RebateAdjustmentCreate, RebateAdjustmentRead

router = routes.router("rebate-adjustments")
PATH = "/v1/rebate-adjustments"

Reader = Annotated[Context, Depends(Allow("rebates:read"))]
Writer = Annotated[Context, Depends(Allow("rebate-adjustments:write"))]


@router.post(PATH, response_model=RebateAdjustmentRead, status_code=201)
async def adjust_rebate(body: RebateAdjustmentCreate, work: Writer) -> Response:
    """Give a partner something by hand, or take it (an amount below zero); it stands in the next statement, which
    somebody else approves."""
    return row_answer(RebateAdjustmentRead, await service.adjust_rebate(work, body), PATH)


@router.get(PATH, response_model=page_of(RebateAdjustmentRead), openapi_extra=documented(ADJUSTMENTS))
async def list_rebate_adjustments(work: Reader) -> Response:
    """Adjustments, the latest posting date first."""
    return await list_answer(work, ADJUSTMENTS)


@router.get(PATH + "/{rebate_adjustment_id}", response_model=RebateAdjustmentRead)
async def get_rebate_adjustment(rebate_adjustment_id: UUID, work: Reader) -> Response:
    """One adjustment."""
    return row_answer(RebateAdjustmentRead, await service.require_adjustment(work, rebate_adjustment_id))
