"""The performance of channels: what each brings and costs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.channels.performance import service
from services.channels.performance.schemas import PerformanceQuery, PerformanceRead

router = routes.router("channels")
Reader = Annotated[Context, Depends(Allow("costs:read", reads=service.PROJECTIONS))]


@router.get("/v1/channels/performance", response_model=PerformanceRead)
async def read_channel_performance(query: Annotated[PerformanceQuery, Query()], work: Reader) -> Response:
    """How channels did in a period: sales, cost and what they make of each other, by channel.

    Computed from orders by their order date, with everything that came back since; a cost that is corrected and an
    order dated back count from then on.
    """
    return json_answer(await service.read_performance(work, query))
