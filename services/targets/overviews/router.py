"""Overviews: a target and how it stands, in one answer."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.overviews import Operation, overview_answer, overview_of
from services.targets.attainment.router import router as attainment
from services.targets.forecasts.router import router as forecasts
from services.targets.targets.router import router as targets

router = routes.router("targets")
Reader = Annotated[Context, Depends(Allow("targets:read"))]
_OF = {"target_id": "{target_id}"}
PARTS = {
    "target": Operation(targets, "/v1/targets/{target_id}"),
    "attainment": Operation(attainment, "/v1/attainment", _OF),
    "forecast": Operation(forecasts, "/v1/forecasts", _OF),
}
TargetOverviewRead = overview_of(
    "TargetOverviewRead",
    "A target and how it stands. Each part has the permission and the record scope of its own operation.",
    PARTS,
    target_id=UUID,
)


@router.get("/v1/targets/{target_id}/overview", response_model=TargetOverviewRead)
async def get_target_overview(target_id: UUID, work: Reader) -> Response:
    """A target with its attainment and its forecast; a part that the caller may not read is `refused`, one that fails
    `unavailable`."""
    return await overview_answer(work, PARTS, {"target_id": str(target_id)}, needs="target")
