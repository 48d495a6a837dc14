"""Dry runs of promotions: what they would have given of past sales."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.channels.dry_runs import service
from services.channels.dry_runs.schemas import PromotionDryRunRead

router = routes.router("promotions")
Reader = Annotated[Context, Depends(Allow("promotions:read", reads=service.PROJECTIONS))]


@router.get("/v1/promotions/{promotion_id}/dry-run", response_model=PromotionDryRunRead)
async def read_promotion_dry_run(promotion_id: UUID, work: Reader) -> Response:
    """What a promotion, a draft too, would have given of the orders of the last 90 days: for who is to approve it.

    Of more than 2,000 orders so many are drawn by lot, the same each time, and what all would have been given is
    estimated from them. 10 % of an order of 1,000.00 that kept 900.00 would have given 90.00.
    """
    return json_answer(await service.dry_run(work, promotion_id))
