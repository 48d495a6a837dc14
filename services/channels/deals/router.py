"""Deals: business that a partner has registered first and is protected for."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.security.principals import owned_rows
from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.channels.deals import moves, service
from services.channels.deals.lists import DEALS
from services.channels.deals.models import Deal
from services.channels.deals.rules import MOVES
from services.channels.deals.schemas import (
    ActiveRead,
    DealApprove,
    DealCreate,
    DealExtend,
    DealFindingsRead,
    DealRead,
    DealReject,
    DealWithdraw,
    OpenedRead,
    OrderedRead,
)

router = routes.router("deals")
PATH = "/v1/deals"
ONE = PATH + "/{deal_id}"
READS = ("account_fact", "account_identity", "account_redirect", "exchange_rate", "partner_hold")

FACTS = ("account_fact", "account_identity", "account_redirect", "sales", "opportunity_fact", "activity_fact")

Reader = Annotated[Context, Depends(Allow("deals:read"))]
Reviewer = Annotated[Context, Depends(Allow("deals:read", reads=FACTS))]
Writer = Annotated[Context, Depends(Allow("deals:write"))]
Registrar = Annotated[Context, Depends(Allow("deals:write", reads=READS))]
Approver = Annotated[Context, Depends(Allow("deals:approve"))]
_APPROVE, _REJECT, _EXTEND, _WITHDRAW = (
    shown_move(service.NOUN, MOVES, action) for action in ("approve", "reject", "extend", "withdraw")
)


async def _answer(work: Context, row: Deal, made_under: str | None = None) -> Response:
    return row_answer(DealRead, row, made_under, await service.shown(work, row))


@router.post(PATH, response_model=DealRead, status_code=201)
async def register_deal(body: DealCreate, work: Registrar) -> Response:
    """Claim an end customer for an active partner; the first claim wins.

    The same customer is one of equal tax id; of equal domain, unless many share it; or of the same name in the same
    country, however it is spelt, unless both tax ids are known and differ; a claim on an account is one by whatever
    that is known by, and one on one of several accounts that were merged is one on all. 409 `duplicate-deal` tells the
    `number` and the time (`registered_at`) of the claim that stands, and its `partner_id` where the caller may see it.

    Refused too are 409 `too-many-deals` (50 open of a partner), `partner-on-hold`, `exchange-rate-missing`; 422
    `partner-inactive`, `deal-invalid`, `unknown-reference`, `amount-overflow`. The review is due in two working days.
    """
    return await _answer(work, await service.register_deal(work, body), PATH)


@router.get(PATH, response_model=page_of(DealRead), openapi_extra=documented(DEALS))
async def list_deals(work: Reader) -> Response:
    """Deals that are the caller's to see, by their own owner or their account's, the latest first."""
    own, args = await owned_rows(work.tx, work.visible, "d.owner_id")
    accounts, _ = await owned_rows(work.tx, work.visible, "a.owner_id")
    return await list_answer(work, DEALS, f"({own} OR {accounts})", args)


@router.get(ONE, response_model=DealRead)
async def get_deal(deal_id: UUID, work: Reader) -> Response:
    """One deal."""
    return await _answer(work, await service.require_deal(work, deal_id))


@router.get(ONE + "/findings", response_model=DealFindingsRead)
async def read_deal_findings(deal_id: UUID, work: Reviewer) -> Response:
    """What a reviewer should know of accounts that are the same customer: which ordered in the 365 days before, which
    opportunities of theirs are open, at which somebody of the company was active in the 60 days before."""
    found = await service.read_findings(work, deal_id)
    body = DealFindingsRead(
        deal_id=found.deal.id,
        number=found.deal.number,
        after=found.after,
        until=found.until,
        ordered=[OrderedRead.model_validate(one) for one in found.ordered],
        open_opportunities=[OpenedRead.model_validate(one) for one in found.opportunities],
        active=[ActiveRead.model_validate(one) for one in found.active],
    )
    return json_answer(body)


@router.post(ONE + "/approve", response_model=DealRead, openapi_extra=_APPROVE)
async def approve_deal(deal_id: UUID, body: DealApprove, work: Approver) -> Response:
    """Protect a claim that somebody else registered (409 `same-person`) for 90 days from today; warned 14 and 3 days
    before their end. An order that came while it was reviewed wins it at once. Only the first claim on a customer is
    approved (409 `duplicate-deal`), also where a merge of accounts has joined several."""
    return await _answer(work, await moves.approve_deal(work, deal_id, body))


@router.post(ONE + "/reject", response_model=DealRead, openapi_extra=_REJECT)
async def reject_deal(deal_id: UUID, body: DealReject, work: Approver) -> Response:
    """Refuse a claim that somebody else registered (409 `same-person`)."""
    return await _answer(work, await moves.reject_deal(work, deal_id, body))


@router.post(ONE + "/extend", response_model=DealRead, openapi_extra=_EXTEND)
async def extend_deal(deal_id: UUID, body: DealExtend, work: Approver) -> Response:
    """Prolong a protection by up to 90 days, twice at most (409 `extensions-used`); of several claims that a merge of
    accounts has joined the first alone (409 `duplicate-deal`)."""
    return await _answer(work, await moves.extend_deal(work, deal_id, body))


@router.post(ONE + "/withdraw", response_model=DealRead, openapi_extra=_WITHDRAW)
async def withdraw_deal(deal_id: UUID, body: DealWithdraw, work: Writer) -> Response:
    """Give a claim up: the end customer is free."""
    return await _answer(work, await moves.withdraw_deal(work, deal_id, body))
