"""Consents of contacts: for which purpose and channel, since when."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.consents import service
from services.customer.consents.access import READ, WRITE
from services.customer.consents.lists import CONSENTS
from services.customer.consents.schemas import (
    AllowedAnswer,
    ConsentCreate,
    ConsentPage,
    ConsentRead,
    ConsentWithdraw,
)
from services.customer.contacts import service as contacts
from services.customer.contacts.schemas import ReachWord

router = routes.router("contacts")
Reader = Annotated[Context, Depends(Allow(READ, personal=True))]
Writer = Annotated[Context, Depends(Allow(WRITE, personal=True))]
Asked = Annotated[ReachWord, Query()]


@router.post("/v1/contacts/{contact_id}/consents", response_model=ConsentRead, status_code=201)
async def create_consent(contact_id: UUID, body: ConsentCreate, work: Writer) -> Response:
    """Keep a consent of a contact."""
    consent = await service.give(work, contact_id, body)
    return json_answer(await service.shown(work, consent), 201)


@router.get("/v1/contacts/{contact_id}/consents", response_model=ConsentPage, openapi_extra=documented(CONSENTS))
async def list_consents(contact_id: UUID, work: Reader) -> Response:
    """What a contact said, consents and withdrawals."""
    await contacts.get_contact(work, contact_id)
    show = partial(service.shown_items, work, contact_id)
    return await list_answer(work, CONSENTS, "s.contact_id = $1", [contact_id], show=show)


@router.post("/v1/contacts/{contact_id}/consents/{consent_id}/withdraw", response_model=ConsentRead, status_code=201)
async def withdraw_consent(contact_id: UUID, consent_id: UUID, body: ConsentWithdraw, work: Writer) -> Response:
    """Keep the withdrawal of a consent; a second time it is the first one."""
    consent = await service.withdraw(work, contact_id, consent_id, body.withdrawn_at)
    return json_answer(await service.shown(work, consent), 201)


@router.get("/v1/contacts/{contact_id}/allowed", response_model=AllowedAnswer)
async def get_allowed(contact_id: UUID, work: Reader, purpose: Asked, channel: Asked) -> Response:
    """Whether a contact may be written to by this channel for this purpose: whatever sends asks here first."""
    return json_answer(await service.allowed(work, contact_id, purpose, channel))
