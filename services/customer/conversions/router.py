"""Conversions: a lead becomes an account with contact and opportunity."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.responses import json_answer
from services.customer.conversions import service
from services.customer.conversions.schemas import LeadConversion, LeadConvert
from services.customer.leads.access import WRITE

router = routes.router("leads")
Writer = Annotated[Context, Depends(Allow(WRITE))]
Skip = Annotated[
    bool,
    Header(
        alias="X-Skip-Duplicate-Check",
        description="Make an account though it is like another one, and a contact though another has its address",
    ),
]


@router.post("/v1/leads/{lead_id}/convert", response_model=LeadConversion)
async def convert_lead(lead_id: UUID, body: LeadConvert, work: Writer, skip: Skip = False) -> Response:
    """Make a qualified lead an account, a contact and an opportunity, all or nothing; its activities and consents go
    along. Where an account or a contact is there that was not chosen: 409 `lead-duplicate` with `candidates`; a second
    time: 409 `lead-converted` with the ids; in another state 409 `lead-state`."""
    outcome = await service.convert_lead(work, lead_id, body, skip=skip)
    return json_answer(outcome)
