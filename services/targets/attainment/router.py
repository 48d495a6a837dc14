"""Attainment: what was reached of targets, live and as of a day."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.jobs.jobs import JobNotFound, enqueue, require_job
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.operations import JobRead, job_answer
from kit.web.problems import MEDIA_TYPE
from kit.web.responses import json_answer
from services.targets.attainment import service
from services.targets.attainment.jobs import REBUILD
from services.targets.attainment.schemas import AttainmentQuery, AttainmentRead, RebuildCreate

router = routes.router("attainment")

Reader = Annotated[Context, Depends(Allow("attainment:read"))]
Rebuilder = Annotated[Context, Depends(Allow("attainment:rebuild"))]

_PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSED: dict[int | str, dict[str, Any]] = {
    404: {
        "description": "A target is unknown; a target, unit or member is not visible to the caller",
        "content": _PROBLEM,
    },
    422: {"description": "A filter names something that nobody knows", "content": _PROBLEM},
}


@router.get("/v1/attainment", response_model=AttainmentRead, responses=_REFUSED)
async def read_attainment(query: Annotated[AttainmentQuery, Query()], work: Reader) -> Response:
    """What was credited, in base currency: of a target with percent, gap and pace, or of any slice, by any group."""
    answer = await service.read_attainment(work, query)
    return json_answer(answer.__pydantic_serializer__.to_json(answer, exclude_unset=True))


@router.post("/v1/attainment/rebuilds", response_model=JobRead, status_code=202)
async def create_rebuild(data: RebuildCreate, work: Rebuilder) -> Response:
    """Recompute credits and buckets from the event log and compare them with the live ones: a job."""
    job_id = await enqueue(work.tx, REBUILD, {"swap": data.swap}, work.actor.subject)
    return job_answer(await require_job(work.tx, job_id), 202, f"/v1/attainment/rebuilds/{job_id}")


@router.get("/v1/attainment/rebuilds/{job_id}", response_model=JobRead)
async def get_rebuild(job_id: UUID, work: Rebuilder) -> Response:
    """Progress of a rebuild; its result compares rows and hash of each table."""
    job = await require_job(work.tx, job_id)
    if job["kind"] != REBUILD:
        raise JobNotFound
    return job_answer(job)
