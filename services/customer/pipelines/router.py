"""Pipelines: the stages of opportunities, in versions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import row_answer
from services.customer.pipelines import service
from services.customer.pipelines.lists import PIPELINES
from services.customer.pipelines.schemas import PipelineCreate, PipelinePage, PipelineRead

router = routes.router("pipelines")
Reader = Annotated[Context, Depends(Allow("opportunities:read"))]
Writer = Annotated[Context, Depends(Allow("policies:write"))]


@router.post("/v1/pipelines", response_model=PipelineRead, status_code=201)
async def create_pipeline(body: PipelineCreate, work: Writer) -> Response:
    """Add the next version of a pipeline; versions are never changed."""
    return row_answer(PipelineRead, await service.create_pipeline(work, body), "/v1/pipelines")


@router.get("/v1/pipelines", response_model=PipelinePage, openapi_extra=documented(PIPELINES))
async def list_pipelines(work: Reader) -> Response:
    """Versions of pipelines."""
    return await list_answer(work, PIPELINES)


@router.get("/v1/pipelines/{pipeline_id}", response_model=PipelineRead)
async def get_pipeline(pipeline_id: UUID, work: Reader) -> Response:
    """A version of a pipeline."""
    return row_answer(PipelineRead, await service.get_pipeline(work, pipeline_id))
