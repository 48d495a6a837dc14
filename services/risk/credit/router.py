"""Credit: the decision on every order, an override of it, and what is owed."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, item_answer, list_answer, page_of
from services.risk.credit import lists, service
from services.risk.credit.schemas import (
    CreditDecisionCreate,
    CreditDecisionRead,
    ExposureEntryRead,
    ExposureRead,
    OrderCreditRead,
)
from services.risk.directory.service import owned

router = routes.router("credit")

Reader = Annotated[Context, Depends(Allow("credit:read"))]
Officer = Annotated[Context, Depends(Allow("credit:override"))]


@router.post("/v1/credit-decisions", response_model=CreditDecisionRead, status_code=201)
async def override_credit(body: CreditDecisionCreate, work: Officer) -> Response:
    """Release an order that stands refused; its placement is confirmed by this answer.

    `placement` is the one that was judged: when the order was placed again since, what stands refused is something that
    nobody has judged (409 `placement-changed`, with its `placement` and `amount`). Somebody else placed it (403
    `same-person`), and its terms were not refused (409 `terms-refused`). An amount above `override_ceiling` of the
    policy of terms needs `credit:override-any` (403 `override-ceiling`).
    """
    decision_id = await service.override(work, body)
    location = f"/v1/credit-decisions/{decision_id}"
    return await item_answer(work, lists.DECISIONS, decision_id, "credit-decision", made_at=location)


@router.get(
    "/v1/credit-decisions",
    response_model=page_of(CreditDecisionRead),
    openapi_extra=documented(lists.DECISIONS),
)
async def list_credit_decisions(work: Reader) -> Response:
    """Answers to placements: by the rule, refused, or by an officer."""
    return await list_answer(work, lists.DECISIONS, *owned(work))


@router.get("/v1/credit-decisions/{decision_id}", response_model=CreditDecisionRead)
async def get_credit_decision(decision_id: UUID, work: Reader) -> Response:
    """One decision with its inputs."""
    return await item_answer(work, lists.DECISIONS, decision_id, "credit-decision", *owned(work))


@router.get("/v1/exposures", response_model=page_of(ExposureRead), openapi_extra=documented(lists.EXPOSURES))
async def list_exposures(work: Reader) -> Response:
    """Exposure of every account that has ever asked for credit."""
    return await list_answer(work, lists.EXPOSURES, *owned(work))


@router.get("/v1/exposures/{account_id}", response_model=ExposureRead)
async def get_exposure(account_id: UUID, work: Reader) -> Response:
    """Exposure of one account."""
    return await item_answer(work, lists.EXPOSURES, account_id, "exposure", *owned(work))


@router.get("/v1/exposure-entries", response_model=page_of(ExposureEntryRead), openapi_extra=documented(lists.ENTRIES))
async def list_exposure_entries(work: Reader) -> Response:
    """Lines of the exposure ledger: their sum is the balance of the account, and the exposure of the order."""
    return await list_answer(work, lists.ENTRIES, *owned(work))


@router.get("/v1/order-credits", response_model=page_of(OrderCreditRead), openapi_extra=documented(lists.ORDERS))
async def list_order_credits(work: Reader) -> Response:
    """Where the credit of each order stands; `state=refused` are those that wait for an officer."""
    return await list_answer(work, lists.ORDERS, *owned(work))


@router.get("/v1/order-credits/{order_id}", response_model=OrderCreditRead)
async def get_order_credit(order_id: UUID, work: Reader) -> Response:
    """The credit of one order."""
    return await item_answer(work, lists.ORDERS, order_id, "order-credit", *owned(work))
