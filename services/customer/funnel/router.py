"""The funnel: what became of opportunities, stage by stage."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.customer.funnel import service
from services.customer.funnel.schemas import FunnelQuery, FunnelRead

router = routes.router("opportunities")
Reader = Annotated[Context, Depends(Allow("opportunities:read"))]


@router.get("/v1/funnel", response_model=FunnelRead)
async def read_funnel(query: Annotated[FunnelQuery, Query()], work: Reader) -> Response:
    """How far opportunities came that were opened in a period: stages reached, steps taken, days in stages, win rate
    and velocity, of those that are the caller's to see."""
    return json_answer(await service.read_funnel(work, query))
