"""Rebates: what was accrued for partners, in double entry."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from services.channels.rebates import lists
from services.channels.rebates.schemas import RebateAccountRead, RebateEntryRead

router = routes.router("rebates")

Reader = Annotated[Context, Depends(Allow("rebates:read"))]


@router.get("/v1/rebate-accounts", response_model=page_of(RebateAccountRead), openapi_extra=documented(lists.ACCOUNTS))
async def list_rebate_accounts(context: Reader) -> Response:
    """Volume and rebate per partner, programme and period."""
    return await list_answer(context, lists.ACCOUNTS)


@router.get("/v1/rebate-entries", response_model=page_of(RebateEntryRead), openapi_extra=documented(lists.ENTRIES))
async def list_rebate_entries(context: Reader) -> Response:
    """Lines of the rebate ledger, two per accrual, summing to zero."""
    return await list_answer(context, lists.ENTRIES)
