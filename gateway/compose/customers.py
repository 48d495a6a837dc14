"""GET /v1/customers/{account_id}/360: all that the services know of a customer, in one answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, create_model
from starlette.responses import Response

from gateway.compose.calls import Services
from gateway.compose.parts import (
    BAD_ID,
    UNCHANGED,
    IfNoneMatch,
    Source,
    admission,
    ask,
    composed,
    fields_of,
    part_of,
    passed_on,
)
from gateway.headers import RequestContext
from gateway.limits import RateLimits
from kit.security.tokens import TokenVerifier

_OF = {"account_id": "{account_id}"}
_FEW = {"limit": "20"}
_DUE = {"open[gt]": "0", "sort": "due_on"}
PARTS = {
    "account": Source("customer", "/v1/accounts/{account_id}", "AccountRead"),
    "open_orders": Source("customer", "/v1/orders", "OrderPage", _OF | {"open_amount[gt]": "0"} | _FEW),
    "pipeline": Source("customer", "/v1/opportunities", "OpportunityPage", _OF | {"state": "open"} | _FEW),
    "cases": Source("customer", "/v1/cases", "CasePage", _OF | {"state[ne]": "closed"} | _FEW),
    "grade": Source("customer", "/v1/accounts/{account_id}/grade", "AccountGradeRead"),
    "lifecycle": Source("customer", "/v1/accounts/{account_id}/lifecycle", "LifecycleRead"),
    "satisfaction": Source("customer", "/v1/accounts/{account_id}/satisfaction", "AccountSatisfactionRead"),
    "timeline": Source("customer", "/v1/accounts/{account_id}/timeline", "TimelinePage", _FEW),
    "exposure": Source("risk", "/v1/exposures/{account_id}", "ExposureRead"),
    "credit": Source("risk", "/v1/credit-profiles/{account_id}", "CreditProfileRead"),
    "receivables": Source("risk", "/v1/receivables", "ReceivablePage", _OF | _DUE | _FEW),
    "receivable_figures": Source("risk", "/v1/receivable-figures", "FiguresRead", _OF),
    "contracts": Source("risk", "/v1/contracts", "ContractPage", _OF | {"state[in]": "signed,in_force"} | _FEW),
    "points": Source("channels", "/v1/points-balances/{account_id}", "PointsBalancesRead"),
    "quotes": Source("channels", "/v1/quotes", "QuotePage", _OF | {"state[in]": "pending_approval,issued"} | _FEW),
}
"""The warning that an account may be lost, and why, is in `lifecycle`; what else is decided about it are fields of
`account`."""


class _Customer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    account_id: UUID


CustomerRead = create_model(
    "Customer360Read",
    __base__=_Customer,
    __doc__="""A customer as the caller may see it. Each part has the permissions and the record scope of its own
    operation; a list has its first 20.""",
    **fields_of(PARTS),
)
_ANSWERS: dict[int | str, dict[str, Any]] = {
    304: UNCHANGED,
    307: {"description": "The account was merged: `Location` is the customer that it leads to"},
    422: BAD_ID,
}


def customers_router(services: Services, verifier: TokenVerifier, limits: RateLimits) -> APIRouter:
    """The endpoint, over operations of the services."""
    router = APIRouter(tags=["customers"])

    @router.get(
        "/v1/customers/{account_id}/360",
        name="get_whole_customer",
        response_model=CustomerRead,
        responses=_ANSWERS,
        dependencies=[admission(verifier, limits)],
        openapi_extra={"security": [{"bearer": []}]},
    )
    async def get_whole_customer(account_id: UUID, request: Request, known: IfNoneMatch = None) -> Response:
        """A customer: account, open orders and receivables, exposure and credit, pipeline, cases, grade, lifecycle,
        satisfaction, contracts, points, quotes and the latest of the timeline.

        A part that does not answer in time is `unavailable`, one that the caller may not read is `refused`; the rest
        is answered all the same. Without the account itself there is no answer: its problem is this one's, a merged
        one leads to the one that it was merged into.
        """
        context: RequestContext = request.state.context
        replies = await ask(services, PARTS, {"account_id": str(account_id)}, context)
        account = replies["account"]
        if account is not None and account.status == 307:
            root = account.location.rpartition("/")[2]
            return Response(
                status_code=307, headers={"Location": f"/v1/customers/{root}/360", "Cache-Control": "no-store"}
            )
        if account is not None and 400 <= account.status < 500:
            return passed_on(account)
        parts = {name: part_of(reply) for name, reply in replies.items()}
        return composed({"account_id": str(account_id), **parts}, known)

    return router
