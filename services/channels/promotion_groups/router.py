"""Groups of promotions, of which one wins."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.promotion_groups import service
from services.channels.promotion_groups.lists import GROUPS
from services.channels.promotion_groups.schemas import PromotionGroupCreate, PromotionGroupRead, PromotionGroupUpdate

router = routes.router("promotion-groups")
PATH = "/v1/promotion-groups"

Reader = Annotated[Context, Depends(Allow("promotions:read"))]
Writer = Annotated[Context, Depends(Allow("promotions:write"))]


@router.post(PATH, response_model=PromotionGroupRead, status_code=201)
async def create_promotion_group(body: PromotionGroupCreate, work: Writer) -> Response:
    """Make a group of promotions, of which one wins."""
    return row_answer(PromotionGroupRead, await service.create_group(work, body), PATH)


@router.get(PATH, response_model=page_of(PromotionGroupRead), openapi_extra=documented(GROUPS))
async def list_promotion_groups(work: Reader) -> Response:
    """Groups of promotions."""
    return await list_answer(work, GROUPS)


@router.get(PATH + "/{group_id}", response_model=PromotionGroupRead)
async def get_promotion_group(group_id: UUID, work: Reader) -> Response:
    """One group of promotions."""
    return row_answer(PromotionGroupRead, await service.require_group(work, group_id))


@router.patch(PATH + "/{group_id}", response_model=PromotionGroupRead)
async def update_promotion_group(
    group_id: UUID, body: PromotionGroupUpdate, version: IfMatch, work: Writer
) -> Response:
    """Change the name of a group."""
    return row_answer(PromotionGroupRead, await service.update_group(work, group_id, version, body))
