"""Payments: received, allocated to orders, refunded, voided."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from kit.work import Work
from services.customer.accounts.filing import filed, rows_seen
from services.customer.payments import allocations, refunds, service, voids
from services.customer.payments.lists import PAYMENTS
from services.customer.payments.models import Payment
from services.customer.payments.schemas import (
    AllocationsCreate,
    PaymentBatch,
    PaymentCreate,
    PaymentRead,
    PaymentRow,
    PaymentSummary,
    PaymentVoid,
    RefundCreate,
    RefundRead,
)

router = routes.router("payments")
Reader = Annotated[Context, Depends(Allow("payments:read"))]
Writer = Annotated[Context, Depends(Allow("payments:write"))]


async def _answer(work: Work, payment: Payment, status: int = 200, location: str | None = None) -> Response:
    own = {name: getattr(payment, name) for name in PaymentRead.model_fields if name != "filed_account_id"}
    shown = PaymentRead.model_validate(own | await filed(work, payment.account_id))
    return json_answer(shown, status, version=payment.version, location=location)


@router.post("/v1/payments", response_model=PaymentRead, status_code=201)
async def receive_payment(body: PaymentCreate, work: Writer) -> Response:
    """Book money received and what it pays."""
    payment = await service.receive_payment(work, body)
    return await _answer(work, payment, 201, f"/v1/payments/{payment.id}")


@router.post("/v1/payments/batch", response_model=BatchAnswer)
async def receive_payments(body: PaymentBatch, work: Writer) -> Response:
    """Book up to 5,000 payments, each once by its external id."""
    rows, results = parse_rows(PaymentRow, body)
    await service.receive_many(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/payments", response_model=page_of(PaymentSummary), openapi_extra=documented(PAYMENTS))
async def list_payments(work: Reader) -> Response:
    """Payments of accounts that the caller may see."""
    return await list_answer(work, PAYMENTS, *await rows_seen(work, "p"))


@router.get("/v1/payments/{payment_id}", response_model=PaymentRead)
async def get_payment(payment_id: UUID, work: Reader) -> Response:
    """One payment with allocations and refunds."""
    return await _answer(work, await service.get_payment(work, payment_id))


@router.post("/v1/payments/{payment_id}/allocations", response_model=PaymentRead, status_code=201)
async def allocate_payment(payment_id: UUID, body: AllocationsCreate, work: Writer) -> Response:
    """Let money on account pay orders."""
    return await _answer(work, await allocations.allocate_payment(work, payment_id, body), 201)


@router.post("/v1/payments/{payment_id}/void", response_model=PaymentRead)
async def void_payment(payment_id: UUID, body: PaymentVoid, work: Writer) -> Response:
    """Undo a payment that did not happen; its external id is free then."""
    return await _answer(work, await voids.void_payment(work, payment_id, body))


@router.post("/v1/payments/{payment_id}/refunds", response_model=RefundRead, status_code=201)
async def refund_payment(payment_id: UUID, body: RefundCreate, work: Writer) -> Response:
    """Give money of a payment back."""
    return json_answer(RefundRead.model_validate(await refunds.refund_payment(work, payment_id, body)), 201)
