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
    parts_of,
    passed_on,
)
from gateway.headers import RequestContext
from gateway.limits import RateLimits
from kit.security.tokens import TokenVerifier

CUSTOMER = Source(
    "customer",
    "/v1/accounts/{account_id}/overview",
    {
        "account": "AccountRead",
        "open_orders": "OrderPage",
        "pipeline": "OpportunityPage",
        "cases": "CasePage",
        "grade": "AccountGradeRead",
        "lifecycle": "LifecycleRead",
        "satisfaction": "AccountSatisfactionRead",
        "timeline": "TimelinePage",
    },
)
RISK = Source(
    "risk",
    "/v1/risk-overviews/accounts/{account_id}",
    {
        "exposure": "ExposureRead",
        "credit": "CreditProfileRead",
        "receivables": "ReceivablePage",
        "receivable_figures": "FiguresRead",
        "contracts": "ContractPage",
    },
)
CHANNELS = Source(
    "channels",
    "/v1/channel-overviews/accounts/{account_id}",
    {"points": "PointsBalancesRead", "quotes": "QuotePage"},
)
SOURCES = (CUSTOMER, RISK, CHANNELS)


class _Customer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    account_id: UUID


CustomerRead = create_model(
    "Customer360Read",
    __base__=_Customer,
    __doc__="""A customer as the caller may see it. Each part has the permissions and the record scope of its own
    operation; a list has its first 20.""",
    **fields_of(SOURCES),
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
        replies = await ask(services, SOURCES, {"account_id": str(account_id)}, context)
        account = replies[0]
        if account is not None and account.status == 307:
            root = account.location.split("/")[-2]
            return Response(
                status_code=307, headers={"Location": f"/v1/customers/{root}/360", "Cache-Control": "no-store"}
            )
        if account is not None and 400 <= account.status < 500:
            return passed_on(account)
        body: dict[str, Any] = {"account_id": str(account_id)}
        for source, reply in zip(SOURCES, replies, strict=True):
            body |= parts_of(source, reply)
        return composed(body, known)

    return router
