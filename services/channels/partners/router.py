"""HTTP door of partners."""

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
from services.channels.partners import service
from services.channels.partners.lists import PARTNERS
from services.channels.partners.rules import MOVES
from services.channels.partners.schemas import PartnerCreate, PartnerRead, PartnerSuspend, PartnerUpdate

router = routes.router("partners")
Reader = Annotated[Context, Depends(Allow("partners:read"))]
Writer = Annotated[Context, Depends(Allow("partners:write"))]
_ACTIVATE, _SUSPEND = (shown_move("partner", MOVES, action) for action in ("activate", "suspend"))


@router.post("/v1/partners", response_model=PartnerRead, status_code=201)
async def apply_partner(body: PartnerCreate, work: Writer) -> Response:
    """Enter a partner."""
    return row_answer(PartnerRead, await service.apply_partner(work, body), "/v1/partners")


@router.get("/v1/partners", response_model=page_of(PartnerRead), openapi_extra=documented(PARTNERS))
async def list_partners(work: Reader) -> Response:
    """Partners; `region` names one of their regions."""
    return await list_answer(work, PARTNERS)


@router.get("/v1/partners/{partner_id}", response_model=PartnerRead)
async def get_partner(partner_id: UUID, work: Reader) -> Response:
    """One partner."""
    return row_answer(PartnerRead, await service.require_partner(work, partner_id))


@router.patch("/v1/partners/{partner_id}", response_model=PartnerRead)
async def update_partner(partner_id: UUID, body: PartnerUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a partner; its code stays."""
    return row_answer(PartnerRead, await service.update_partner(work, partner_id, version, body))


@router.post("/v1/partners/{partner_id}/activate", response_model=PartnerRead, openapi_extra=_ACTIVATE)
async def activate_partner(partner_id: UUID, work: Writer) -> Response:
    """Let a partner sell."""
    return row_answer(PartnerRead, await service.move_partner(work, partner_id, "activate"))


@router.post("/v1/partners/{partner_id}/suspend", response_model=PartnerRead, openapi_extra=_SUSPEND)
async def suspend_partner(partner_id: UUID, body: PartnerSuspend, work: Writer) -> Response:
    """Stop a partner from selling for now; orders under way still earn rebates."""
    return row_answer(PartnerRead, await service.move_partner(work, partner_id, "suspend", body.reason))
