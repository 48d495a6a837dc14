"""Contacts: the people of an account, with their roles and ways to reach them."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query
from starlette.responses import Response

from kit.errors import BadQuery, FieldError
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.accounts.filing import rows_seen
from services.customer.contacts import batches, lists, service
from services.customer.contacts.models import Contact
from services.customer.contacts.schemas import (
    ContactBatch,
    ContactCreate,
    ContactPage,
    ContactRead,
    ContactRow,
    ContactUpdate,
)
from services.customer.custom_fields.enums import CustomResource
from services.customer.custom_fields.service import filtered
from services.customer.persons.access import may_read_pii

router = routes.router("contacts")
Reader = Annotated[Context, Depends(Allow("contacts:read", personal=True))]
Writer = Annotated[Context, Depends(Allow("contacts:write", personal=True))]
Skip = Annotated[
    bool,
    Header(alias="X-Skip-Duplicate-Check", description="Let several contacts of an account have one e-mail address"),
]
Email = Annotated[str | None, Query(max_length=320, description="An e-mail address, however it is written")]
Phone = Annotated[str | None, Query(max_length=64, description="A phone number, of China unless it names its country")]


async def _answer(work: Context, contact: Contact, status: int = 200) -> Response:
    """The contact as far as the caller may see it."""
    location = f"/v1/contacts/{contact.id}" if status == 201 else None
    return json_answer(await service.shown(work, contact), status, version=contact.version, location=location)


@router.post("/v1/contacts", response_model=ContactRead, status_code=201)
async def create_contact(body: ContactCreate, work: Writer, skip: Skip = False) -> Response:
    """Create a contact of an account."""
    return await _answer(work, await service.create_contact(work, body, skip=skip), 201)


@router.post("/v1/contacts/batch", response_model=BatchAnswer)
async def upsert_contacts(body: ContactBatch, work: Writer, skip: Skip = False) -> Response:
    """Create or change up to 5,000 contacts by external id."""
    rows, results = parse_rows(ContactRow, body)
    await batches.upsert_contacts(work, rows, results, skip=skip)
    return json_answer(results.answer())


@router.get("/v1/contacts", response_model=ContactPage, openapi_extra=documented(lists.CONTACTS))
async def list_contacts(work: Reader, email: Email = None, phone: Phone = None) -> Response:
    """Contacts of accounts that the caller may see; `email` and `phone` are exact, and for who sees them in full.
    `custom.<key>` and `custom.<key>[op]` ask for indexed custom fields, as in the list of accounts."""
    seen = await rows_seen(work, "c")
    asked = {name: value for name, value in (("email", email), ("phone", phone)) if value is not None}
    if asked and not may_read_pii(work.actor):
        raise BadQuery(errors=[FieldError(name, "unknown-parameter", "needs pii:read") for name in asked])
    seen = seen.narrowed(*service.found_by(work, asked, len(seen.args)))
    show = partial(service.shown_items, work)
    spec = await filtered(work, CustomResource.CONTACT, lists.CONTACTS, work.request.query_params.keys())
    return await list_answer(work, spec, *seen, extra=("email", "phone"), show=show)


@router.get("/v1/contacts/{contact_id}", response_model=ContactRead)
async def get_contact(contact_id: UUID, work: Reader) -> Response:
    """One contact."""
    return await _answer(work, await service.get_contact(work, contact_id))


@router.patch("/v1/contacts/{contact_id}", response_model=ContactRead)
async def update_contact(
    contact_id: UUID, body: ContactUpdate, version: IfMatch, work: Writer, skip: Skip = False
) -> Response:
    """Change fields of a contact."""
    return await _answer(work, await service.update_contact(work, contact_id, version, body, skip=skip))


@router.post("/v1/contacts/{contact_id}/archive", response_model=ContactRead)
async def archive_contact(contact_id: UUID, work: Writer) -> Response:
    """Archive a contact: it stays readable, and nothing may be sent to it."""
    return await _answer(work, await service.archive_contact(work, contact_id))


@router.post("/v1/contacts/{contact_id}/restore", response_model=ContactRead)
async def restore_contact(contact_id: UUID, work: Writer, skip: Skip = False) -> Response:
    """Undo an archive; 409 `duplicate-contact` when another contact of the account has its address now."""
    return await _answer(work, await service.restore_contact(work, contact_id, skip=skip))
