"""HTTP door of forward exposure."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.risk.pipeline import service
from services.risk.pipeline.schemas import ForwardExposureRead

router = routes.router("exposures")

Reader = Annotated[Context, Depends(Allow("credit:read", reads=service.PROJECTIONS))]
HorizonDays = Annotated[
    int | None, Query(ge=0, le=3660, description="days from today on; by default those of the forward policy")
]


@router.get("/v1/exposures/{account_id}/forward", response_model=ForwardExposureRead)
async def get_forward_exposure(account_id: UUID, work: Reader, horizon_days: HorizonDays = None) -> Response:
    """What an account may owe: what it uses, and its open opportunities that are expected by then."""
    return json_answer(await service.forward_exposure(work, account_id, horizon_days))
