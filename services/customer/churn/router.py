"""Churn: who may be leaving, the model behind it, and how warnings turned out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.churn import service
from services.customer.churn.lists import CHURN_FITS
from services.customer.churn.schemas import (
    ChurnFitCreate,
    ChurnFitPage,
    ChurnFitRead,
    ChurnQualityQuery,
    ChurnQualityRead,
)

router = routes.router("churn")
Reader = Annotated[Context, Depends(Allow("insights:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]


@router.post("/v1/churn-fits", response_model=ChurnFitRead, status_code=202)
async def create_churn_fit(body: ChurnFitCreate, work: Writer) -> Response:
    """Fit the model of buying and leaving: a job, which has the id of the fit; one is made each month anyway."""
    fit = await service.start_fit(work, body)
    return json_answer(fit, 202, location=f"/v1/churn-fits/{fit.id}")


@router.get("/v1/churn-fits", response_model=ChurnFitPage, openapi_extra=documented(CHURN_FITS))
async def list_churn_fits(work: Reader) -> Response:
    """Fits, newest first."""
    return await list_answer(work, CHURN_FITS)


@router.get("/v1/churn-fits/{churn_fit_id}", response_model=ChurnFitRead)
async def get_churn_fit(churn_fit_id: UUID, work: Reader) -> Response:
    """A fit and the state of its job."""
    return json_answer(await service.get_fit(work, churn_fit_id))


@router.get("/v1/churn/quality", response_model=ChurnQualityRead)
async def get_churn_quality(work: Reader, query: Annotated[ChurnQualityQuery, Query()]) -> Response:
    """How warnings turned out, beside the base rate and the plain rule; over all accounts."""
    return json_answer(await service.read_quality(work, query.as_of))
