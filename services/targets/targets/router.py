"""HTTP of the targets."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.targets.targets import service
from services.targets.targets.lists import TARGETS, VISIBLE
from services.targets.targets.rules import MOVES, NOUN
from services.targets.targets.schemas import TargetCreate, TargetRead, TargetUpdate
from services.targets.units.service import visible_to

router = routes.router("targets")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("targets:write"))]
_UPDATE, _ACTIVATE, _CLOSE = (shown_move(NOUN, MOVES, action) for action in ("update", "activate", "close"))


@router.post("/v1/targets", response_model=TargetRead, status_code=201)
async def create_target(data: TargetCreate, work: Writer) -> Response:
    """Make a root target, a draft."""
    return row_answer(TargetRead, await service.add_target(work, data), "/v1/targets")


@router.get("/v1/targets", response_model=page_of(TargetRead), openapi_extra=documented(TARGETS))
async def list_targets(work: Reader) -> Response:
    """Targets of every level; `parent_id[null]=true` gives the roots."""
    return await list_answer(work, TARGETS, *(await visible_to(work)).rows(VISIBLE))


@router.get("/v1/targets/{target_id}", response_model=TargetRead)
async def get_target(target_id: UUID, work: Reader) -> Response:
    """One target."""
    return row_answer(TargetRead, await service.require_target(work, target_id))


@router.patch("/v1/targets/{target_id}", response_model=TargetRead, openapi_extra=_UPDATE)
async def update_target(target_id: UUID, data: TargetUpdate, version: IfMatch, work: Writer) -> Response:
    """Rename a draft or change its amount."""
    return row_answer(TargetRead, await service.update_target(work, target_id, version, data))


@router.post("/v1/targets/{target_id}/activate", response_model=TargetRead, openapi_extra=_ACTIVATE)
async def activate_target(target_id: UUID, work: Writer) -> Response:
    """Let a draft and everything below it count."""
    return row_answer(TargetRead, await service.move_target(work, target_id, "activate"))


@router.post("/v1/targets/{target_id}/close", response_model=TargetRead, openapi_extra=_CLOSE)
async def close_target(target_id: UUID, work: Writer) -> Response:
    """Close a target and everything below it."""
    return row_answer(TargetRead, await service.move_target(work, target_id, "close"))
