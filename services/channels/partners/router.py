"""HTTP door of partners."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.channels.partners import service
from services.channels.partners.enums import PartnerState
from services.channels.partners.repository import SPEC
from services.channels.partners.schemas import PartnerCreate, PartnerRead, PartnerSuspend, PartnerUpdate

router = routes.router("partners")

Reader = Annotated[Context, Depends(Allow("partners:read"))]
Writer = Annotated[Context, Depends(Allow("partners:write"))]


@router.post("/v1/partners", response_model=PartnerRead, status_code=201)
async def apply_partner(body: PartnerCreate, context: Writer) -> Response:
    """Enter a partner."""
    row = await service.apply_partner(context.tx, context.actor, body, key=context.runtime.secret)
    return json_answer(row, 201, version=row["version"], location=f"/v1/partners/{row['id']}")


@router.get("/v1/partners", response_model=page_of(PartnerRead), openapi_extra=documented(SPEC))
async def list_partners(context: Reader) -> Response:
    """Partners; `region` names one of their regions."""
    return await list_answer(context, SPEC)


@router.get("/v1/partners/{partner_id}", response_model=PartnerRead)
async def get_partner(partner_id: UUID, context: Reader) -> Response:
    """One partner."""
    row = await service.require_partner(context.tx, partner_id)
    return json_answer(dict(row), version=row["version"])


@router.patch("/v1/partners/{partner_id}", response_model=PartnerRead)
async def update_partner(partner_id: UUID, body: PartnerUpdate, version: IfMatch, context: Writer) -> Response:
    """Change a partner; its code stays."""
    row = await service.update_partner(context.tx, context.actor, partner_id, version, body, key=context.runtime.secret)
    return json_answer(row, version=row["version"])


@router.post("/v1/partners/{partner_id}/activate", response_model=PartnerRead)
async def activate_partner(partner_id: UUID, context: Writer) -> Response:
    """Let a partner sell."""
    row = await service.move_partner(
        context.tx, context.actor, partner_id, PartnerState.ACTIVE, key=context.runtime.secret
    )
    return json_answer(row, version=row["version"])


@router.post("/v1/partners/{partner_id}/suspend", response_model=PartnerRead)
async def suspend_partner(partner_id: UUID, body: PartnerSuspend, context: Writer) -> Response:
    """Stop a partner from selling for now; orders under way still earn rebates."""
    row = await service.move_partner(
        context.tx, context.actor, partner_id, PartnerState.SUSPENDED, reason=body.reason, key=context.runtime.secret
    )
    return json_answer(row, version=row["version"])
