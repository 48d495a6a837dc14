"""Contacts of partners: whom to call there."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.channels.partner_contacts import service
from services.channels.partner_contacts.lists import PARTNER_CONTACTS
from services.channels.partner_contacts.models import PartnerContact
from services.channels.partner_contacts.schemas import (
    PartnerContactCreate,
    PartnerContactRead,
    PartnerContactUpdate,
)

router = routes.router("partner-contacts")
PATH = "/v1/partner-contacts"
ONE = PATH + "/{partner_contact_id}"

Reader = Annotated[Context, Depends(Allow("partner-contacts:read", personal=True))]
Writer = Annotated[Context, Depends(Allow("partner-contacts:write", personal=True))]
Email = Annotated[str | None, Query(max_length=320, description="An e-mail address, however it is written")]
Phone = Annotated[str | None, Query(max_length=64, description="A phone number, of China unless it names its country")]


async def _answer(work: Context, contact: PartnerContact, status: int = 200) -> Response:
    """The contact as far as the caller may see it."""
    location = f"{PATH}/{contact.id}" if status == 201 else None
    return json_answer(await service.shown(work, contact), status, version=contact.version, location=location)


@router.post(PATH, response_model=PartnerContactRead, status_code=201)
async def create_partner_contact(body: PartnerContactCreate, work: Writer) -> Response:
    """Enter somebody who works for a partner; 422 `email-invalid`, `phone-invalid`."""
    return await _answer(work, await service.create_contact(work, body), 201)


@router.get(PATH, response_model=page_of(PartnerContactRead), openapi_extra=documented(PARTNER_CONTACTS))
async def list_partner_contacts(work: Reader, email: Email = None, phone: Phone = None) -> Response:
    """Contacts of partners; `email` and `phone` are exact, and for who sees them in full."""
    asked = {name: value for name, value in (("email", email), ("phone", phone)) if value is not None}
    where, args = service.found_by(work, asked)
    show = partial(service.shown_items, work)
    return await list_answer(work, PARTNER_CONTACTS, where, args, extra=("email", "phone"), show=show)


@router.get(ONE, response_model=PartnerContactRead)
async def get_partner_contact(partner_contact_id: UUID, work: Reader) -> Response:
    """One contact of a partner."""
    return await _answer(work, await service.require_contact(work, partner_contact_id))


@router.patch(ONE, response_model=PartnerContactRead)
async def update_partner_contact(
    partner_contact_id: UUID, body: PartnerContactUpdate, version: IfMatch, work: Writer
) -> Response:
    """Change fields of a contact; 409 `partner-contact-archived`."""
    return await _answer(work, await service.update_contact(work, partner_contact_id, version, body))


@router.post(f"{ONE}/archive", response_model=PartnerContactRead)
async def archive_partner_contact(partner_contact_id: UUID, work: Writer) -> Response:
    """Archive a contact: it stays readable and takes no more changes."""
    return await _answer(work, await service.archive_contact(work, partner_contact_id))


@router.post(f"{ONE}/restore", response_model=PartnerContactRead)
async def restore_partner_contact(partner_contact_id: UUID, work: Writer) -> Response:
    """Undo an archive."""
    return await _answer(work, await service.restore_contact(work, partner_contact_id))
