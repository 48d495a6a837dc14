"""HTTP of the targets."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.targets.access import visible_to
from services.targets.targets import service
from services.targets.targets.repository import SCOPE, TARGETS
from services.targets.targets.schemas import TargetCreate, TargetRead, TargetUpdate

router = routes.router("targets")

Reader = Annotated[Context, Depends(Allow("targets:read"))]
Writer = Annotated[Context, Depends(Allow("targets:write"))]


@router.post("/v1/targets", response_model=TargetRead, status_code=201)
async def create_target(data: TargetCreate, context: Writer) -> Response:
    """Make a root target, a draft."""
    currency = context.runtime.settings.base_currency
    row = await service.add_target(context.tx, context.actor, data, currency, context.runtime.secret)
    return json_answer(dict(row), 201, version=row["version"], location=f"/v1/targets/{row['id']}")


@router.get("/v1/targets", response_model=page_of(TargetRead), openapi_extra=documented(TARGETS))
async def list_targets(context: Reader) -> Response:
    """Targets of every level; `parent_id[null]=true` gives the roots."""
    visible = await visible_to(context)
    if visible.everything:
        return await list_answer(context, TARGETS)
    return await list_answer(context, TARGETS, SCOPE, [list(visible.members), list(visible.units)])


@router.get("/v1/targets/{target_id}", response_model=TargetRead)
async def get_target(target_id: UUID, context: Reader) -> Response:
    """One target."""
    row = await service.require_visible(context.tx, target_id, await visible_to(context))
    return json_answer(dict(row), version=row["version"])


@router.patch("/v1/targets/{target_id}", response_model=TargetRead)
async def update_target(target_id: UUID, data: TargetUpdate, version: IfMatch, context: Writer) -> Response:
    """Rename a draft or change its amount."""
    visible, secret = await visible_to(context), context.runtime.secret
    row = await service.update_target(context.tx, context.actor, target_id, version, data, visible, secret)
    return json_answer(dict(row), version=row["version"])


@router.post("/v1/targets/{target_id}/activate", response_model=TargetRead)
async def activate_target(target_id: UUID, context: Writer) -> Response:
    """Let a draft and everything below it count."""
    visible, secret = await visible_to(context), context.runtime.secret
    row = await service.activate_target(context.tx, context.actor, target_id, visible, secret)
    return json_answer(dict(row), version=row["version"])


@router.post("/v1/targets/{target_id}/close", response_model=TargetRead)
async def close_target(target_id: UUID, context: Writer) -> Response:
    """Close a target and everything below it."""
    visible, secret = await visible_to(context), context.runtime.secret
    row = await service.close_target(context.tx, context.actor, target_id, visible, secret)
    return json_answer(dict(row), version=row["version"])
