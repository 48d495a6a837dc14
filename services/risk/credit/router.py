"""HTTP door of credit decisions and exposure."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.db.lists import ListSpec
from kit.web import routes
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.risk.access import owned
from services.risk.credit import lists, repository, service
from services.risk.credit.schemas import (
    CreditDecisionCreate,
    CreditDecisionRead,
    ExposureEntryRead,
    ExposureRead,
    OrderCreditRead,
)

router = routes.router("credit")

Reader = Annotated[Context, Depends(Allow("credit:read"))]
Officer = Annotated[Context, Depends(Allow("credit:override"))]


async def _one(context: Context, spec: ListSpec, row_id: UUID) -> Response:
    row = await repository.find(context.tx, spec, row_id, *owned(context))
    if row is None:
        raise service.CreditRecordNotFound()
    return json_answer(dict(row))


@router.post("/v1/credit-decisions", response_model=CreditDecisionRead, status_code=201)
async def override_credit(body: CreditDecisionCreate, context: Officer) -> Response:
    """Release an order that stands refused; its placement is confirmed by this answer."""
    row = await service.override(context.tx, context.actor, body, key=context.runtime.secret)
    return json_answer(dict(row), 201, location=f"/v1/credit-decisions/{row['id']}")


@router.get(
    "/v1/credit-decisions",
    response_model=page_of(CreditDecisionRead),
    openapi_extra=documented(lists.DECISIONS),
)
async def list_credit_decisions(context: Reader) -> Response:
    """Answers to placements: by the rule, refused, or by an officer."""
    return await list_answer(context, lists.DECISIONS, *owned(context))


@router.get("/v1/credit-decisions/{decision_id}", response_model=CreditDecisionRead)
async def get_credit_decision(decision_id: UUID, context: Reader) -> Response:
    """One decision with its inputs."""
    return await _one(context, lists.DECISIONS, decision_id)


@router.get("/v1/exposures", response_model=page_of(ExposureRead), openapi_extra=documented(lists.EXPOSURES))
async def list_exposures(context: Reader) -> Response:
    """Exposure of every account that has ever asked for credit."""
    return await list_answer(context, lists.EXPOSURES, *owned(context))


@router.get("/v1/exposures/{account_id}", response_model=ExposureRead)
async def get_exposure(account_id: UUID, context: Reader) -> Response:
    """Exposure of one account."""
    return await _one(context, lists.EXPOSURES, account_id)


@router.get("/v1/exposure-entries", response_model=page_of(ExposureEntryRead), openapi_extra=documented(lists.ENTRIES))
async def list_exposure_entries(context: Reader) -> Response:
    """Lines of the exposure ledger: their sum is the balance of the account, and the exposure of the order."""
    return await list_answer(context, lists.ENTRIES, *owned(context))


@router.get("/v1/order-credits", response_model=page_of(OrderCreditRead), openapi_extra=documented(lists.ORDERS))
async def list_order_credits(context: Reader) -> Response:
    """Where the credit of each order stands; `state=refused` are those that wait for an officer."""
    return await list_answer(context, lists.ORDERS, *owned(context))


@router.get("/v1/order-credits/{order_id}", response_model=OrderCreditRead)
async def get_order_credit(order_id: UUID, context: Reader) -> Response:
    """The credit of one order."""
    return await _one(context, lists.ORDERS, order_id)
