"""Alerts of indicators: raised, escalated, acknowledged, resolved."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.alerts import service
from services.risk.alerts.lists import ALERTS, OWNER
from services.risk.alerts.rules import MOVES
from services.risk.alerts.schemas import RiskAlertRead, RiskAlertResolve

router = routes.router("risk-alerts")

PATH = "/v1/risk-alerts"
Reader = Annotated[Context, Depends(Allow("risk:read"))]
Seer = Annotated[Context, Depends(Allow("risk-alerts:write"))]
Officer = Annotated[Context, Depends(Allow("indicators:write"))]
_MOVE = {action: shown_move(service.NOUN, MOVES, action) for action in MOVES}


@router.get(PATH, response_model=page_of(RiskAlertRead), openapi_extra=documented(ALERTS))
async def list_risk_alerts(work: Reader) -> Response:
    """Alerts of indicators, those that are over included."""
    return await list_answer(work, ALERTS, work.visible.sees(OWNER), work.visible.args)


@router.get(PATH + "/{risk_alert_id}", response_model=RiskAlertRead)
async def get_risk_alert(risk_alert_id: UUID, work: Reader) -> Response:
    """One alert."""
    return await item_answer(work, ALERTS, risk_alert_id, service.NOUN, work.visible.sees(OWNER), work.visible.args)


@router.post(PATH + "/{risk_alert_id}/acknowledge", response_model=RiskAlertRead, openapi_extra=_MOVE["acknowledge"])
async def acknowledge_risk_alert(risk_alert_id: UUID, work: Seer) -> Response:
    """Note that somebody has seen an alert."""
    alert = await service.acknowledge_alert(work, risk_alert_id)
    return await item_answer(work, ALERTS, alert.id, service.NOUN)


@router.post(PATH + "/{risk_alert_id}/resolve", response_model=RiskAlertRead, openapi_extra=_MOVE["resolve"])
async def resolve_risk_alert(risk_alert_id: UUID, body: RiskAlertResolve, work: Officer) -> Response:
    """Say that an alert is over though its indicator is not green: no other is raised until it is, or is worse."""
    alert = await service.resolve_alert(work, risk_alert_id, body.reason)
    return await item_answer(work, ALERTS, alert.id, service.NOUN)
