"""Decompositions: a target split into children that sum to it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.jobs.jobs import require_job
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.operations import JobRead, job_answer
from kit.web.responses import json_answer, row_answer
from services.targets.decompositions import cascading, recomputing, retiring, service
from services.targets.decompositions.lists import DECOMPOSITIONS, OF_TARGET
from services.targets.decompositions.schemas import (
    CascadeCreate,
    CascadeRead,
    DecompositionCreate,
    DecompositionItem,
    DecompositionRead,
    DecompositionShown,
)
from services.targets.targets.service import require_target

router = routes.router("decompositions")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("targets:write"))]
_SHOWN: dict[int | str, dict[str, Any]] = {
    200: {"model": DecompositionShown, "description": "What it would be: nothing is kept"}
}
_LEFT_TO_A_JOB: dict[int | str, dict[str, Any]] = {202: {"model": JobRead, "description": "A job makes the cells"}}
PATH = "/v1/targets/{target_id}/decompositions"


@router.post(PATH, response_model=DecompositionRead, status_code=201, responses=_SHOWN)
async def create_decomposition(target_id: UUID, data: DecompositionCreate, work: Writer) -> Response:
    """Split a target into children that sum to it; 409 names the smallest set of constraints that cannot hold. With
    `dry_run` the cells are answered (200) and nothing is kept."""
    if data.dry_run:
        return json_answer(await service.show_split(work, target_id, data))
    made = await service.add_decomposition(work, target_id, data)
    return row_answer(DecompositionRead, made, PATH.format(target_id=target_id))


@router.get(PATH, response_model=page_of(DecompositionItem), openapi_extra=documented(DECOMPOSITIONS))
async def list_decompositions(target_id: UUID, work: Reader) -> Response:
    """The parallel decompositions of a target, without their children."""
    await require_target(work, target_id)
    return await list_answer(work, DECOMPOSITIONS, OF_TARGET, [target_id])


@router.get(PATH + "/{decomposition_id}", response_model=DecompositionRead)
async def get_decomposition(target_id: UUID, decomposition_id: UUID, work: Reader) -> Response:
    """One decomposition with its children."""
    found = await service.require_decomposition(work, target_id, decomposition_id)
    return row_answer(DecompositionRead, await service.shown(work, found))


@router.post(PATH + "/{decomposition_id}/recompute", response_model=DecompositionRead)
async def recompute_decomposition(target_id: UUID, decomposition_id: UUID, work: Writer) -> Response:
    """Split a draft, or a target of a plan, again by what the drivers give today; locks, floors and caps are kept."""
    return row_answer(DecompositionRead, await recomputing.recompute(work, target_id, decomposition_id))


@router.post(PATH + "/{decomposition_id}/mark-crediting", response_model=DecompositionRead)
async def mark_crediting(target_id: UUID, decomposition_id: UUID, work: Writer) -> Response:
    """Let a decomposition be the crediting one, by which the plan's pace goes; the mark is taken from the other."""
    return row_answer(DecompositionRead, await service.mark_crediting(work, target_id, decomposition_id))


@router.post(PATH + "/{decomposition_id}/retire", response_model=DecompositionRead)
async def retire_decomposition(target_id: UUID, decomposition_id: UUID, work: Writer) -> Response:
    """Follow a decomposition no longer: its children and all below them are closed, each with what it came to, and it
    stays to say how it was. 409 while its children are part of a table, or a plan of the tree is open."""
    return row_answer(DecompositionRead, await retiring.retire(work, target_id, decomposition_id))


@router.post("/v1/targets/{target_id}/cascades", response_model=CascadeRead, status_code=201, responses=_LEFT_TO_A_JOB)
async def create_cascade(target_id: UUID, data: CascadeCreate, work: Writer) -> Response:
    """Split a target level by level, all of it or nothing; every level sums to the one above. More than 20,000 cells
    are made by a job (202), all of them in one transaction, too; its result is what is answered otherwise."""
    made = await cascading.begin_cascade(work, target_id, data)
    if isinstance(made, UUID):
        return job_answer(await require_job(work.tx, made), 202, f"/admin/targets/jobs/{made}")
    return json_answer(made, 201, location=PATH.format(target_id=target_id))
