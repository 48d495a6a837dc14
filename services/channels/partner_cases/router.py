"""Cases about what partners sold."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.channels.partner_cases import service
from services.channels.partner_cases.schemas import PartnerCasesQuery, PartnerCasesRead

router = routes.router("partners")
Reader = Annotated[Context, Depends(Allow("partners:read", reads=service.PROJECTIONS))]


@router.get("/v1/partners/{partner_id}/cases", response_model=PartnerCasesRead)
async def read_partner_cases(partner_id: UUID, query: Annotated[PartnerCasesQuery, Query()], work: Reader) -> Response:
    """What customers had to say of orders that a partner sold: questions, incidents, complaints and feedback of some
    days, for whoever scores its reputation or decides on its level."""
    return json_answer(await service.read_cases(work, partner_id, query))
