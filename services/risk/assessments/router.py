"""Assessments: how likely and how grave a risk is, and the heat map of all."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from kit.web.responses import json_answer
from services.risk.assessments import service
from services.risk.assessments.lists import ASSESSMENTS
from services.risk.assessments.schemas import AssessmentCreate, AssessmentRead, HeatMapQuery, HeatMapRead
from services.risk.risks.lists import OWNER

router = routes.router("assessments")

Reader = Annotated[Context, Depends(Allow("risk:read"))]
Writer = Annotated[Context, Depends(Allow("risk:write"))]


@router.post("/v1/assessments", response_model=AssessmentRead, status_code=201)
async def assess_risk(body: AssessmentCreate, work: Writer) -> Response:
    """Assess a risk: inherent, current or residual. An assessment never changes; the last of its kind counts."""
    made = await service.assess_risk(work, body)
    return json_answer(made.model_dump(mode="json"), 201, location=f"/v1/assessments/{made.id}")


@router.get("/v1/assessments", response_model=page_of(AssessmentRead), openapi_extra=documented(ASSESSMENTS))
async def list_assessments(work: Reader) -> Response:
    """Assessments of risks."""
    return await list_answer(work, ASSESSMENTS, work.visible.sees(OWNER), work.visible.args)


@router.get("/v1/assessments/{assessment_id}", response_model=AssessmentRead)
async def get_assessment(assessment_id: UUID, work: Reader) -> Response:
    """One assessment."""
    return await item_answer(
        work, ASSESSMENTS, assessment_id, "assessment", work.visible.sees(OWNER), work.visible.args
    )


@router.get("/v1/heat-maps", response_model=HeatMapRead)
async def get_heat_map(query: Annotated[HeatMapQuery, Query()], work: Reader) -> Response:
    """How many risks stand in each cell of the matrix on a day, and which have moved since another."""
    return json_answer(await service.heat_map(work, query))
