"""Strategies: how a target is to be reached in the market, and on which observations that rests."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.responses import json_answer
from services.targets.strategies import service
from services.targets.strategies.schemas import StrategyRead, StrategySet

router = routes.router("strategies")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("targets:write"))]
PATH = "/v1/targets/{target_id}/strategy"


@router.get(PATH, response_model=StrategyRead)
async def get_strategy(target_id: UUID, work: Reader) -> Response:
    """How a target is to be reached; version 0 while nobody has said it."""
    return _answer(await service.read_strategy(work, target_id))


@router.put(PATH, response_model=StrategyRead)
async def set_strategy(target_id: UUID, body: StrategySet, version: IfMatch, work: Writer) -> Response:
    """Say how a target is to be reached: product, price, channel, promotion, positioning, and the observed forces and
    facts of the market; `If-Match: "0"` when nothing was said yet. It decides no figure and voids no approval."""
    return _answer(await service.set_strategy(work, target_id, version, body))


def _answer(found: StrategyRead) -> Response:
    return json_answer(found, version=found.version)
