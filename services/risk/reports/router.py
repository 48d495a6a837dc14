"""The dashboard of risk, and its snapshots."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer
from services.risk.reports import service
from services.risk.reports.lists import OWNER, SNAPSHOT, SNAPSHOTS
from services.risk.reports.schemas import RiskDashboardRead, RiskSnapshotRead, RiskSnapshotSummary

router = routes.router("risk-reports")

PATH = "/v1/risk-snapshots"
Reader = Annotated[Context, Depends(Allow("risk:read"))]
Watcher = Annotated[Context, Depends(Allow("risk:read", reads=service.PROJECTIONS))]


@router.get("/v1/risk-dashboards", response_model=RiskDashboardRead)
async def get_risk_dashboard(work: Watcher) -> Response:
    """All risks at one glance, as they are now: the worst, heat map, loss curve, ageing, days sales outstanding,
    grades, expected loss, holds, alerts, obligations that fall due, renewals."""
    return json_answer(await service.read_dashboard(work, work.today))


@router.get(PATH, response_model=page_of(RiskSnapshotSummary), openapi_extra=documented(SNAPSHOTS))
async def list_risk_snapshots(work: Reader) -> Response:
    """Snapshots of the dashboard, one a day, the last first: they show the whole company, to those who see it all."""
    return await list_answer(work, SNAPSHOTS, work.visible.sees(OWNER), work.visible.args)


@router.get(PATH + "/{risk_snapshot_id}", response_model=RiskSnapshotRead)
async def get_risk_snapshot(risk_snapshot_id: UUID, work: Reader) -> Response:
    """What the dashboard showed of a day; it never changes, and its SHA-256 shows that."""
    return await item_answer(
        work, SNAPSHOT, risk_snapshot_id, service.NOUN, work.visible.sees(OWNER), work.visible.args
    )
