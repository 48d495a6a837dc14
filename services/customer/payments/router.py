"""Payments over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context
from kit.web.lists import documented, owned_list
from kit.web.responses import json_answer
from services.customer.deps import desk_of
from services.customer.payments import refunds, service
from services.customer.payments.repository import PAYMENTS
from services.customer.payments.schemas import (
    PaymentBatch,
    PaymentCreate,
    PaymentPage,
    PaymentRead,
    PaymentRow,
    RefundCreate,
    RefundRead,
)

router = routes.router("payments")
Reader = Annotated[Context, Depends(Allow("payments:read"))]
Writer = Annotated[Context, Depends(Allow("payments:write"))]


@router.post("/v1/payments", response_model=PaymentRead, status_code=201)
async def receive_payment(body: PaymentCreate, context: Writer) -> Response:
    """Book money received and what it pays."""
    payment = await service.receive_payment(context.tx, await desk_of(context), body)
    location = f"/v1/payments/{payment['id']}"
    return json_answer(service.payment_body(payment), 201, version=payment["version"], location=location)


@router.post("/v1/payments/batch", response_model=BatchAnswer)
async def receive_payments(body: PaymentBatch, context: Writer) -> Response:
    """Book up to 5,000 payments, each once by its external id."""
    rows, results = parse_rows(PaymentRow, body)
    await service.receive_many(context.tx, await desk_of(context), rows, results)
    return json_answer(results.answer())


@router.get("/v1/payments", response_model=PaymentPage, openapi_extra=documented(PAYMENTS))
async def list_payments(context: Reader) -> Response:
    """Payments of accounts that the caller may see."""
    return await owned_list(context, PAYMENTS, "a.owner_id")


@router.get("/v1/payments/{payment_id}", response_model=PaymentRead)
async def get_payment(payment_id: UUID, context: Reader) -> Response:
    """One payment with allocations and refunds."""
    payment = await service.get_payment(context.tx, await desk_of(context), payment_id)
    return json_answer(service.payment_body(payment), version=payment["version"])


@router.post("/v1/payments/{payment_id}/refunds", response_model=RefundRead, status_code=201)
async def refund_payment(payment_id: UUID, body: RefundCreate, context: Writer) -> Response:
    """Give money of a payment back."""
    return json_answer(await refunds.refund_payment(context.tx, await desk_of(context), payment_id, body), 201)
