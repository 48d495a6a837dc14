"""Overviews: what customer knows of an account, in one answer."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.overviews import Operation, overview_answer, overview_of
from services.customer.accounts.router import router as accounts
from services.customer.accounts.schemas import AccountRedirected
from services.customer.cases.router import router as cases
from services.customer.grading.router import router as grading
from services.customer.lifecycle.router import router as lifecycle
from services.customer.opportunities.router import router as opportunities
from services.customer.orders.router import router as orders
from services.customer.satisfaction.router import router as satisfaction
from services.customer.timeline.router import router as timeline

router = routes.router("accounts")
Reader = Annotated[Context, Depends(Allow("accounts:read"))]
_ACCOUNT = "/v1/accounts/{account_id}"
_OF, _FEW = {"account_id": "{account_id}"}, {"limit": "20"}
PARTS = {
    "account": Operation(accounts, _ACCOUNT),
    "open_orders": Operation(orders, "/v1/orders", _OF | {"open_amount[gt]": "0"} | _FEW),
    "pipeline": Operation(opportunities, "/v1/opportunities", _OF | {"state": "open"} | _FEW),
    "cases": Operation(cases, "/v1/cases", _OF | {"state[ne]": "closed"} | _FEW),
    "grade": Operation(grading, f"{_ACCOUNT}/grade"),
    "lifecycle": Operation(lifecycle, f"{_ACCOUNT}/lifecycle"),
    "satisfaction": Operation(satisfaction, f"{_ACCOUNT}/satisfaction"),
    "timeline": Operation(timeline, f"{_ACCOUNT}/timeline", _FEW),
}
"""The warning that an account may be lost, and why, is in `lifecycle`; what else is decided about it are fields of
`account`."""
AccountOverviewRead = overview_of(
    "AccountOverviewRead",
    """An account and what customer knows of it. Each part has the permission and the record scope of its own
    operation; a list has its first 20.""",
    PARTS,
    account_id=UUID,
)
_REDIRECTED: dict[int | str, dict[str, Any]] = {
    307: {"model": AccountRedirected, "description": "It was merged: `Location` is the overview that it leads to"}
}


@router.get("/v1/accounts/{account_id}/overview", response_model=AccountOverviewRead, responses=_REDIRECTED)
async def get_account_overview(account_id: UUID, work: Reader) -> Response:
    """An account with its open orders, pipeline, cases, grade, lifecycle, satisfaction and the latest of its timeline;
    a part that the caller may not read is `refused`, one that fails `unavailable`. Of one that was merged, where it
    leads."""
    answer = await overview_answer(work, PARTS, {"account_id": str(account_id)}, needs="account")
    if answer.status_code == 307:
        answer.headers["Location"] += "/overview"
    return answer
