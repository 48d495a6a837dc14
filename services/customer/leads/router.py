"""Leads: who asked, worked on until they are worth to be converted."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.errors import BadQuery, FieldError
from kit.transitions import shown_move
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer
from kit.web.responses import json_answer
from services.customer.accounts.filing import rows_seen
from services.customer.leads import batches, service
from services.customer.leads.access import READ, WRITE
from services.customer.leads.lists import LEADS
from services.customer.leads.models import Lead
from services.customer.leads.rules import MOVES
from services.customer.leads.schemas import (
    LeadBatch,
    LeadCreate,
    LeadDisqualify,
    LeadPage,
    LeadRead,
    LeadRow,
    LeadUpdate,
)
from services.customer.persons.access import may_read_pii

router = routes.router("leads")
Reader = Annotated[Context, Depends(Allow(READ, personal=True))]
Writer = Annotated[Context, Depends(Allow(WRITE, personal=True))]
Email = Annotated[str | None, Query(max_length=320, description="An e-mail address, however it is written")]
Phone = Annotated[str | None, Query(max_length=64, description="A phone number, of China unless it names its country")]
_START, _QUALIFY, _DISQUALIFY, _REOPEN = (
    shown_move("lead", MOVES, action) for action in ("start", "qualify", "disqualify", "reopen")
)


async def _answer(work: Context, lead: Lead, status: int = 200) -> Response:
    """The lead as far as the caller may see it."""
    location = f"/v1/leads/{lead.id}" if status == 201 else None
    return json_answer(await service.shown(work, lead), status, version=lead.version, location=location)


@router.post("/v1/leads", response_model=LeadRead, status_code=201)
async def create_lead(body: LeadCreate, work: Writer) -> Response:
    """Add a lead: a company, a person, or a person of a company. It is scored by each write."""
    return await _answer(work, await service.create_lead(work, body), 201)


@router.post("/v1/leads/batch", response_model=BatchAnswer)
async def upsert_leads(body: LeadBatch, work: Writer) -> Response:
    """Add or change up to 5,000 leads by external id."""
    rows, results = parse_rows(LeadRow, body)
    await batches.upsert_leads(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/leads", response_model=LeadPage, openapi_extra=documented(LEADS))
async def list_leads(work: Reader, email: Email = None, phone: Phone = None) -> Response:
    """Leads that are the caller's to see, by their own owner or that of the account they became; `email` and `phone`
    are exact, and for who sees them in full."""
    seen = await rows_seen(work, "l", ("l.owner_id",))
    asked = {name: value for name, value in (("email", email), ("phone", phone)) if value is not None}
    if asked and not may_read_pii(work.actor):
        raise BadQuery(errors=[FieldError(name, "unknown-parameter", "needs pii:read") for name in asked])
    seen = seen.narrowed(*service.found_by(work, asked, len(seen.args)))
    show = partial(service.shown_items, work)
    return await list_answer(work, LEADS, *seen, extra=("email", "phone"), show=show)


@router.get("/v1/leads/{lead_id}", response_model=LeadRead)
async def get_lead(lead_id: UUID, work: Reader) -> Response:
    """One lead."""
    return await _answer(work, await service.get_lead(work, lead_id))


@router.patch("/v1/leads/{lead_id}", response_model=LeadRead)
async def update_lead(lead_id: UUID, body: LeadUpdate, version: IfMatch, work: Writer) -> Response:
    """Change fields of a lead that was not converted (409 `lead-converted`)."""
    return await _answer(work, await service.update_lead(work, lead_id, version, body))


@router.post("/v1/leads/{lead_id}/start", response_model=LeadRead, openapi_extra=_START)
async def start_lead(lead_id: UUID, work: Writer) -> Response:
    """Begin to work on it."""
    return await _answer(work, await service.move_lead(work, lead_id, "start"))


@router.post("/v1/leads/{lead_id}/qualify", response_model=LeadRead, openapi_extra=_QUALIFY)
async def qualify_lead(lead_id: UUID, work: Writer) -> Response:
    """Say that it is worth to be converted."""
    return await _answer(work, await service.move_lead(work, lead_id, "qualify"))


@router.post("/v1/leads/{lead_id}/disqualify", response_model=LeadRead, openapi_extra=_DISQUALIFY)
async def disqualify_lead(lead_id: UUID, body: LeadDisqualify, work: Writer) -> Response:
    """Say that nothing will come of it, and why."""
    return await _answer(work, await service.move_lead(work, lead_id, "disqualify", body.reason))


@router.post("/v1/leads/{lead_id}/reopen", response_model=LeadRead, openapi_extra=_REOPEN)
async def reopen_lead(lead_id: UUID, work: Writer) -> Response:
    """Work on it again."""
    return await _answer(work, await service.move_lead(work, lead_id, "reopen"))
