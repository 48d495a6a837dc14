"""Alerts: targets that fall behind, judged day by day."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.db.lists import ListSpec
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.targets.alerts import service
from services.targets.alerts.lists import ALERTS, COST, FIGURES
from services.targets.alerts.rules import MOVES, NOUN
from services.targets.alerts.schemas import TargetAlertAcknowledge, TargetAlertRead
from services.targets.metrics.service import shown_list
from services.targets.targets.lists import VISIBLE
from services.targets.units.service import visible_to

router = routes.router("alerts")

PATH = "/v1/alerts"
Reader = Annotated[Context, Depends(Allow("alerts:read"))]
Seer = Annotated[Context, Depends(Allow("alerts:write"))]


def _shown(work: Context) -> ListSpec:
    return shown_list(work, ALERTS, FIGURES, COST)


@router.get(PATH, response_model=page_of(TargetAlertRead), openapi_extra=documented(ALERTS))
async def list_alerts(work: Reader) -> Response:
    """Targets that fall behind, the newest first, those included that did; `below_unit_id` finds those of a unit and of
    all below it."""
    return await list_answer(work, _shown(work), *(await visible_to(work)).rows(VISIBLE))


@router.get(PATH + "/{alert_id}", response_model=TargetAlertRead)
async def get_alert(alert_id: UUID, work: Reader) -> Response:
    """One alert."""
    return await item_answer(work, _shown(work), alert_id, NOUN, *(await visible_to(work)).rows(VISIBLE))


@router.post(
    PATH + "/{alert_id}/acknowledge",
    response_model=TargetAlertRead,
    openapi_extra=shown_move(NOUN, MOVES, "acknowledge"),
)
async def acknowledge_alert(alert_id: UUID, body: TargetAlertAcknowledge, work: Seer) -> Response:
    """Note that somebody has seen an alert. One that gets worse later is open again."""
    alert = await service.acknowledge_alert(work, alert_id, body.note)
    return await item_answer(work, _shown(work), alert.id, NOUN)
