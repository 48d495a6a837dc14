"""Consents of leads: kept until they go along with the conversion."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.consents.schemas import ConsentCreate, ConsentPage, ConsentRead, ConsentWithdraw
from services.customer.lead_consents import service
from services.customer.lead_consents.lists import LEAD_CONSENTS
from services.customer.leads import service as leads
from services.customer.leads.access import READ, WRITE

router = routes.router("leads")
Reader = Annotated[Context, Depends(Allow(READ, personal=True))]
Writer = Annotated[Context, Depends(Allow(WRITE, personal=True))]


@router.post("/v1/leads/{lead_id}/consents", response_model=ConsentRead, status_code=201)
async def create_lead_consent(lead_id: UUID, body: ConsentCreate, work: Writer) -> Response:
    """Keep a consent of a lead; it goes along when the lead is converted."""
    consent = await service.give(work, lead_id, body)
    return json_answer(await service.shown(work, consent), 201)


@router.get("/v1/leads/{lead_id}/consents", response_model=ConsentPage, openapi_extra=documented(LEAD_CONSENTS))
async def list_lead_consents(lead_id: UUID, work: Reader) -> Response:
    """What a lead said until it was converted, consents and withdrawals."""
    await leads.get_lead(work, lead_id)
    show = partial(service.shown_items, work, lead_id)
    return await list_answer(work, LEAD_CONSENTS, "s.lead_id = $1", [lead_id], show=show)


@router.post("/v1/leads/{lead_id}/consents/{consent_id}/withdraw", response_model=ConsentRead, status_code=201)
async def withdraw_lead_consent(lead_id: UUID, consent_id: UUID, body: ConsentWithdraw, work: Writer) -> Response:
    """Keep the withdrawal of a consent; a second time it is the first one. After the conversion it is withdrawn at the
    contact (409 `lead-converted` names it)."""
    consent = await service.withdraw(work, lead_id, consent_id, body.withdrawn_at)
    return json_answer(await service.shown(work, consent), 201)
