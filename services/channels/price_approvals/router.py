"""Standing approvals: prices under the floor that were allowed for a time."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import row_answer
from services.channels.price_approvals import service
from services.channels.price_approvals.lists import PRICE_APPROVALS
from services.channels.price_approvals.rules import MOVES
from services.channels.price_approvals.schemas import PriceApprovalCreate, PriceApprovalRead

router = routes.router("price-approvals")
PATH = "/v1/price-approvals"

Reader = Annotated[Context, Depends(Allow("price-approvals:read"))]
Writer = Annotated[Context, Depends(Allow("price-approvals:write"))]
_WITHDRAW = shown_move(service.NOUN, MOVES, "withdraw")


@router.post(PATH, response_model=PriceApprovalRead, status_code=201)
async def create_price_approval(body: PriceApprovalCreate, work: Writer) -> Response:
    """Grant an account or a partner a price of a product that may lie under the floor.

    It counts in quotes of its days that others than who granted it write; those hold no longer than it does.
    """
    return row_answer(PriceApprovalRead, await service.grant_approval(work, body), PATH)


@router.get(PATH, response_model=page_of(PriceApprovalRead), openapi_extra=documented(PRICE_APPROVALS))
async def list_price_approvals(work: Reader) -> Response:
    """Standing approvals, the latest day first."""
    return await list_answer(work, PRICE_APPROVALS)


@router.get(PATH + "/{approval_id}", response_model=PriceApprovalRead)
async def get_price_approval(approval_id: UUID, work: Reader) -> Response:
    """One standing approval."""
    return row_answer(PriceApprovalRead, await service.require_approval(work, approval_id))


@router.post(PATH + "/{approval_id}/withdraw", response_model=PriceApprovalRead, openapi_extra=_WITHDRAW)
async def withdraw_price_approval(approval_id: UUID, work: Writer) -> Response:
    """Let an approval count for no further quote; quotes that it covers keep it."""
    return row_answer(PriceApprovalRead, await service.withdraw_approval(work, approval_id))
