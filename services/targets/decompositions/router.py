"""HTTP of the decompositions."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.targets.decompositions import service
from services.targets.decompositions.lists import DECOMPOSITIONS, OF_TARGET
from services.targets.decompositions.schemas import DecompositionCreate, DecompositionItem, DecompositionRead
from services.targets.targets.service import require_target

router = routes.router("decompositions")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("targets:write"))]
PATH = "/v1/targets/{target_id}/decompositions"


@router.post(PATH, response_model=DecompositionRead, status_code=201)
async def create_decomposition(target_id: UUID, data: DecompositionCreate, work: Writer) -> Response:
    """Split a target into children that sum to it; 409 names the smallest set of constraints that cannot hold."""
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
    return row_answer(DecompositionRead, await service.require_decomposition(work, target_id, decomposition_id))
