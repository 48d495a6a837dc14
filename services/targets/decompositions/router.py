"""HTTP of the decompositions."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.targets.access import visible_to
from services.targets.decompositions import service
from services.targets.decompositions.repository import DECOMPOSITIONS
from services.targets.decompositions.schemas import DecompositionCreate, DecompositionItem, DecompositionRead
from services.targets.targets.service import require_visible

router = routes.router("decompositions")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
PATH = "/v1/targets/{target_id}/decompositions"


def _answer(found: dict[str, Any], status: int = 200, location: str | None = None) -> Response:
    body = {**found, "drivers": orjson.Fragment(found["drivers"])}
    return json_answer(body, status, version=found["version"], location=location)


@router.post(PATH, response_model=DecompositionRead, status_code=201)
async def create_decomposition(
    target_id: UUID, data: DecompositionCreate, context: Annotated[Context, Depends(Allow("targets:write"))]
) -> Response:
    """Split a target into children that sum to it; 409 names the smallest set of constraints that cannot hold."""
    visible, secret = await visible_to(context), context.runtime.secret
    found = await service.add_decomposition(context.tx, context.actor, target_id, data, visible, secret)
    return _answer(found, 201, f"/v1/targets/{target_id}/decompositions/{found['id']}")


@router.get(PATH, response_model=page_of(DecompositionItem), openapi_extra=documented(DECOMPOSITIONS))
async def list_decompositions(target_id: UUID, context: Reader) -> Response:
    """The parallel decompositions of a target, without their children."""
    await require_visible(context.tx, target_id, await visible_to(context))
    return await list_answer(context, DECOMPOSITIONS, "d.target_id = $1", [target_id])


@router.get(PATH + "/{decomposition_id}", response_model=DecompositionRead)
async def get_decomposition(target_id: UUID, decomposition_id: UUID, context: Reader) -> Response:
    """One decomposition with its children."""
    visible = await visible_to(context)
    return _answer(await service.read_decomposition(context.tx, target_id, decomposition_id, visible))
