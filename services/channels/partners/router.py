"""Partners: who sells for the company, from application on."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.channels.partners import batches, service, values
from services.channels.partners.lists import PARTNERS
from services.channels.partners.models import Partner
from services.channels.partners.rules import MOVES
from services.channels.partners.schemas import PartnerBatch, PartnerCreate, PartnerRead, PartnerSuspend, PartnerUpdate

router = routes.router("partners")
PATH = "/v1/partners"
READS = ("account_fact", "partner_hold", "principal")
Reader = Annotated[Context, Depends(Allow("partners:read", reads=("partner_hold",), personal=True))]
Writer = Annotated[Context, Depends(Allow("partners:write", reads=READS, personal=True))]
TaxIdAsked = Annotated[str | None, Query(max_length=40, description="A tax id of any country, however it is written")]
_SUSPEND = shown_move("partner", MOVES, "suspend")


async def _answer(work: Context, partner: Partner, made_under: str | None = None) -> Response:
    """The partner as far as the caller may see it."""
    return row_answer(PartnerRead, partner, made_under, await service.shown(work, partner))


@router.post(PATH, response_model=PartnerRead, status_code=201)
async def apply_partner(body: PartnerCreate, work: Writer) -> Response:
    """Enter a partner; 409 `duplicate-partner` where another of its country has the tax id, 422 `tax-id-invalid`."""
    return await _answer(work, await service.apply_partner(work, body), PATH)


@router.post(f"{PATH}/batch", response_model=BatchAnswer)
async def upsert_partners(body: PartnerBatch, work: Writer) -> Response:
    """Enter or change up to 5,000 partners by their code; what a row does not give stays as it is."""
    good, results = parse_rows(PartnerCreate, body)
    await batches.upsert_partners(work, good, results)
    return json_answer(results.answer())


@router.get(PATH, response_model=page_of(PartnerRead), openapi_extra=documented(PARTNERS))
async def list_partners(work: Reader, tax_id: TaxIdAsked = None) -> Response:
    """Partners; `region` and `product_line` name one of theirs, `account_id` any account that reads as theirs; `tax_id`
    is for who sees tax ids in full."""
    where, args = await values.found_by(work, tax_id)
    show = partial(values.shown_items, work)
    return await list_answer(work, PARTNERS, where, args, extra=("tax_id",), show=show)


@router.get("/v1/partners/{partner_id}", response_model=PartnerRead)
async def get_partner(partner_id: UUID, work: Reader) -> Response:
    """One partner."""
    return await _answer(work, await service.require_partner(work, partner_id))


@router.patch("/v1/partners/{partner_id}", response_model=PartnerRead)
async def update_partner(partner_id: UUID, body: PartnerUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a partner; its code stays. 409 `duplicate-partner`, 422 `tax-id-invalid`."""
    return await _answer(work, await service.update_partner(work, partner_id, version, body))


@router.post("/v1/partners/{partner_id}/suspend", response_model=PartnerRead, openapi_extra=_SUSPEND)
async def suspend_partner(partner_id: UUID, body: PartnerSuspend, work: Writer) -> Response:
    """Stop a partner from selling for now; orders under way still earn rebates."""
    return await _answer(work, await service.move_partner(work, partner_id, "suspend", body.reason))
