"""HTTP door of rebate programmes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.channels.programmes import service
from services.channels.programmes.repository import SPEC
from services.channels.programmes.schemas import ProgrammeCreate, ProgrammeRead

router = routes.router("rebate-programmes")

Reader = Annotated[Context, Depends(Allow("programmes:read"))]
Writer = Annotated[Context, Depends(Allow("programmes:write"))]


@router.post("/v1/rebate-programmes", response_model=ProgrammeRead, status_code=201)
async def draft_rebate_programme(body: ProgrammeCreate, context: Writer) -> Response:
    """Draft a rebate programme."""
    row = await service.draft_programme(context.tx, context.actor, body, key=context.runtime.secret)
    return json_answer(row, 201, version=row["version"], location=f"/v1/rebate-programmes/{row['id']}")


@router.get("/v1/rebate-programmes", response_model=page_of(ProgrammeRead), openapi_extra=documented(SPEC))
async def list_rebate_programmes(context: Reader) -> Response:
    """Rebate programmes; `partner_id` finds those made for that partner by name."""
    return await list_answer(context, SPEC)


@router.get("/v1/rebate-programmes/{programme_id}", response_model=ProgrammeRead)
async def get_rebate_programme(programme_id: UUID, context: Reader) -> Response:
    """One rebate programme."""
    row = await service.require_programme(context.tx, programme_id)
    return json_answer(row, version=row["version"])


@router.put("/v1/rebate-programmes/{programme_id}", response_model=ProgrammeRead)
async def replace_rebate_programme(
    programme_id: UUID, body: ProgrammeCreate, version: IfMatch, context: Writer
) -> Response:
    """Set all terms of a draft."""
    row = await service.replace_programme(
        context.tx, context.actor, programme_id, version, body, key=context.runtime.secret
    )
    return json_answer(row, version=row["version"])


@router.post("/v1/rebate-programmes/{programme_id}/publish", response_model=ProgrammeRead)
async def publish_rebate_programme(programme_id: UUID, context: Writer) -> Response:
    """Publish a draft: it counts for orders confirmed from now on, and never changes again."""
    row = await service.publish_programme(context.tx, context.actor, programme_id, key=context.runtime.secret)
    return json_answer(row, version=row["version"])
