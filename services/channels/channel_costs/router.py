"""Costs of channels: what a channel costs in a period."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.channel_costs import service
from services.channels.channel_costs.lists import CHANNEL_COSTS
from services.channels.channel_costs.schemas import ChannelCostCreate, ChannelCostRead, ChannelCostUpdate

router = routes.router("channel-costs")
PATH = "/v1/channel-costs"

Reader = Annotated[Context, Depends(Allow("costs:read"))]
Writer = Annotated[Context, Depends(Allow("costs:write"))]


@router.post(PATH, response_model=ChannelCostRead, status_code=201)
async def create_channel_cost(body: ChannelCostCreate, work: Writer) -> Response:
    """Enter what a channel cost in a month; a kind has one amount a month (409 `channel-cost-month-taken`)."""
    return row_answer(ChannelCostRead, await service.create_cost(work, body), PATH)


@router.get(PATH, response_model=page_of(ChannelCostRead), openapi_extra=documented(CHANNEL_COSTS))
async def list_channel_costs(work: Reader) -> Response:
    """What channels cost, latest month first."""
    return await list_answer(work, CHANNEL_COSTS)


@router.get(PATH + "/{cost_id}", response_model=ChannelCostRead)
async def get_channel_cost(cost_id: UUID, work: Reader) -> Response:
    """One cost of a channel."""
    return row_answer(ChannelCostRead, await service.require_cost(work, cost_id))


@router.patch(PATH + "/{cost_id}", response_model=ChannelCostRead)
async def update_channel_cost(cost_id: UUID, body: ChannelCostUpdate, version: IfMatch, work: Writer) -> Response:
    """Correct the amount of a cost; figures of its month follow."""
    return row_answer(ChannelCostRead, await service.update_cost(work, cost_id, version, body))
