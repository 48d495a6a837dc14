"""Promotions: what is reduced for whom and when, within a budget."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.promotions import service
from services.channels.promotions.lists import PROMOTIONS
from services.channels.promotions.rules import MOVES
from services.channels.promotions.schemas import PromotionCreate, PromotionEnd, PromotionRead, PromotionUpdate

router = routes.router("promotions")
PATH = "/v1/promotions"

Reader = Annotated[Context, Depends(Allow("promotions:read"))]
Writer = Annotated[Context, Depends(Allow("promotions:write"))]
Approver = Annotated[Context, Depends(Allow("promotions:approve"))]
_REPLACE, _APPROVE, _PAUSE, _RESUME, _END = (
    shown_move(service.NOUN, MOVES, action) for action in ("replace", "approve", "pause", "resume", "end")
)


@router.post(PATH, response_model=PromotionRead, status_code=201)
async def draft_promotion(body: PromotionCreate, work: Writer) -> Response:
    """Draft a promotion; it gives nothing until somebody else approves it."""
    return row_answer(PromotionRead, await service.draft_promotion(work, body), PATH)


@router.get(PATH, response_model=page_of(PromotionRead), openapi_extra=documented(PROMOTIONS))
async def list_promotions(work: Reader) -> Response:
    """Promotions, the latest start first."""
    return await list_answer(work, PROMOTIONS)


@router.get(PATH + "/{promotion_id}", response_model=PromotionRead)
async def get_promotion(promotion_id: UUID, work: Reader) -> Response:
    """One promotion."""
    return row_answer(PromotionRead, await service.require_promotion(work, promotion_id))


@router.put(PATH + "/{promotion_id}", response_model=PromotionRead, openapi_extra=_REPLACE)
async def replace_promotion(promotion_id: UUID, body: PromotionCreate, version: IfMatch, work: Writer) -> Response:
    """Set all terms of a draft; whoever does is its author then."""
    return row_answer(PromotionRead, await service.replace_promotion(work, promotion_id, version, body))


@router.patch(PATH + "/{promotion_id}", response_model=PromotionRead)
async def update_promotion(promotion_id: UUID, body: PromotionUpdate, version: IfMatch, work: Writer) -> Response:
    """Change budget or uses, also of a promotion that is approved (409 `promotion-state` once it has ended)."""
    return row_answer(PromotionRead, await service.update_promotion(work, promotion_id, version, body))


@router.post(PATH + "/{promotion_id}/approve", response_model=PromotionRead, openapi_extra=_APPROVE)
async def approve_promotion(promotion_id: UUID, work: Approver) -> Response:
    """Let a draft that others wrote count from its first window on (409 `same-person`); its terms are fixed from now
    on, but budget, uses and end."""
    return row_answer(PromotionRead, await service.approve_promotion(work, promotion_id))


@router.post(PATH + "/{promotion_id}/pause", response_model=PromotionRead, openapi_extra=_PAUSE)
async def pause_promotion(promotion_id: UUID, work: Writer) -> Response:
    """Let a promotion give nothing until it is resumed."""
    return row_answer(PromotionRead, await service.move_promotion(work, promotion_id, "pause"))


@router.post(PATH + "/{promotion_id}/resume", response_model=PromotionRead, openapi_extra=_RESUME)
async def resume_promotion(promotion_id: UUID, work: Writer) -> Response:
    """Let a paused promotion follow its windows again."""
    return row_answer(PromotionRead, await service.move_promotion(work, promotion_id, "resume"))


@router.post(PATH + "/{promotion_id}/end", response_model=PromotionRead, openapi_extra=_END)
async def end_promotion(promotion_id: UUID, body: PromotionEnd, work: Writer) -> Response:
    """End a promotion for good; quotes that hold it are kept unless `honour` is false."""
    return row_answer(PromotionRead, await service.move_promotion(work, promotion_id, "end", honour=body.honour))
