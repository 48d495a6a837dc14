"""Calibrations: what was expected of a year against what it brought."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.risk.calibrations import service
from services.risk.calibrations.schemas import CalibrationsQuery, CalibrationsRead

router = routes.router("calibrations")

Reader = Annotated[Context, Depends(Allow("risk:read"))]


@router.get("/v1/calibrations", response_model=CalibrationsRead)
async def get_calibrations(query: Annotated[CalibrationsQuery, Query()], work: Reader) -> Response:
    """What a year was expected to cost by class, against what its incidents did."""
    return json_answer(await service.calibrate(work, query.year))
