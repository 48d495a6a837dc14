"""Indicators: figures that are watched, with the limits at which somebody is told."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.indicators import service
from services.risk.indicators.lists import INDICATORS, OF_INDICATOR, OWNER, VALUES
from services.risk.indicators.models import Indicator
from services.risk.indicators.rules import MOVES
from services.risk.indicators.schemas import IndicatorCreate, IndicatorRead, IndicatorUpdate, IndicatorValueRead

router = routes.router("indicators")

PATH = "/v1/indicators"
OF_ONE = PATH + "/{indicator_id}"
Reader = Annotated[Context, Depends(Allow("risk:read", reads=service.PROJECTIONS))]
Writer = Annotated[Context, Depends(Allow("indicators:write", reads=service.PROJECTIONS))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


async def _shown(work: Context, indicator: Indicator, made_at: str | None = None) -> Response:
    return await item_answer(work, INDICATORS, indicator.id, service.NOUN, made_at=made_at)


@router.post(PATH, response_model=IndicatorRead, status_code=201)
async def create_indicator(body: IndicatorCreate, work: Writer) -> Response:
    """Watch a measure; it is evaluated within seconds of what it is read from, at least once a minute."""
    indicator = await service.create_indicator(work, body)
    return await _shown(work, indicator, f"{PATH}/{indicator.id}")


@router.get(PATH, response_model=page_of(IndicatorRead), openapi_extra=documented(INDICATORS))
async def list_indicators(work: Reader) -> Response:
    """Indicators and what they show."""
    return await list_answer(work, INDICATORS, work.visible.sees(OWNER), work.visible.args)


@router.get(OF_ONE, response_model=IndicatorRead)
async def get_indicator(indicator_id: UUID, work: Reader) -> Response:
    """One indicator."""
    return await item_answer(work, INDICATORS, indicator_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.get(OF_ONE + "/values", response_model=page_of(IndicatorValueRead), openapi_extra=documented(VALUES))
async def list_indicator_values(indicator_id: UUID, work: Reader) -> Response:
    """What an indicator has shown, oldest first."""
    await service.require_indicator(work, indicator_id)
    return await list_answer(work, VALUES, OF_INDICATOR, [indicator_id])


@router.patch(OF_ONE, response_model=IndicatorRead)
async def update_indicator(indicator_id: UUID, body: IndicatorUpdate, version: IfMatch, work: Writer) -> Response:
    """Change the bounds of an indicator, its owner or its risks; its measure stays."""
    return await _shown(work, await service.change_indicator(work, indicator_id, version, body))


@router.post(OF_ONE + "/pause", response_model=IndicatorRead, openapi_extra=_MOVE["pause"])
async def pause_indicator(indicator_id: UUID, work: Writer) -> Response:
    """Evaluate an indicator no more for a while; an alert of it stays as it is."""
    return await _shown(work, await service.move_indicator(work, indicator_id, "pause"))


@router.post(OF_ONE + "/resume", response_model=IndicatorRead, openapi_extra=_MOVE["resume"])
async def resume_indicator(indicator_id: UUID, work: Writer) -> Response:
    """Evaluate an indicator again, at once."""
    return await _shown(work, await service.move_indicator(work, indicator_id, "resume"))
