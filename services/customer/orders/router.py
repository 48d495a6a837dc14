"""Orders: placed, checked by risk and channels, fulfilled, closed."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.transitions import shown_move
from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from kit.work import Work
from services.customer.accounts.filing import rows_of
from services.customer.orders import batches, service
from services.customer.orders.changes import as_of, without_costs
from services.customer.orders.lists import orders_on
from services.customer.orders.models import Order
from services.customer.orders.rules import MOVES
from services.customer.orders.schemas import (
    OrderBatch,
    OrderCancel,
    OrderCreate,
    OrderRead,
    OrderRow,
    OrderSummary,
    OrderUpdate,
)

router = routes.router("orders")
Reader = Annotated[Context, Depends(Allow("orders:read"))]
Writer = Annotated[Context, Depends(Allow("orders:write"))]
_CHANGE = shown_move("order", MOVES, "change", "revise")
_PLACE, _CANCEL, _FULFIL, _CLOSE = (shown_move("order", MOVES, each) for each in ("place", "cancel", "fulfil", "close"))


def _answer(work: Work, order: Order, made_under: str | None = None) -> Response:
    more = {"account_id": order.account_root_id or order.account_id, "filed_account_id": order.account_id}
    shown = order if work.actor.may("costs:read") else without_costs(order)
    return row_answer(OrderRead, as_of(work.today, shown), made_under, more)


@router.post("/v1/orders", response_model=OrderRead, status_code=201)
async def create_order(body: OrderCreate, work: Writer) -> Response:
    """Create a draft, with `place` placed at once; the server computes its amounts."""
    return _answer(work, await service.create_order(work, body), "/v1/orders")


@router.post("/v1/orders/batch", response_model=BatchAnswer)
async def upsert_orders(body: OrderBatch, work: Writer) -> Response:
    """Create, change or place up to 5,000 orders by external id."""
    rows, results = parse_rows(OrderRow, body)
    await batches.upsert_orders(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/orders", response_model=page_of(OrderSummary), openapi_extra=documented(orders_on(date.min)))
async def list_orders(work: Reader) -> Response:
    """Orders that the caller may see, without their lines; `account_id` finds those of merged accounts too."""
    where, args = await rows_of(work, "o.owner_id")
    return await list_answer(work, orders_on(work.today), where, args)


@router.get("/v1/orders/{order_id}", response_model=OrderRead)
async def get_order(order_id: UUID, work: Reader) -> Response:
    """One order with lines, credits and checks."""
    return _answer(work, await service.get_order(work, order_id))


@router.patch("/v1/orders/{order_id}", response_model=OrderRead, openapi_extra=_CHANGE)
async def update_order(order_id: UUID, body: OrderUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a draft, or an order on hold, which is placed again with its new content."""
    return _answer(work, await service.update_order(work, order_id, version, body))


@router.post("/v1/orders/{order_id}/place", response_model=OrderRead, openapi_extra=_PLACE)
async def place_order(order_id: UUID, work: Writer) -> Response:
    """Place a draft, or an order on hold once more; its checks decide whether it is confirmed."""
    return _answer(work, await service.place_order(work, order_id))


@router.post("/v1/orders/{order_id}/cancel", response_model=OrderRead, openapi_extra=_CANCEL)
async def cancel_order(order_id: UUID, body: OrderCancel, work: Writer) -> Response:
    """Give up an order that is not confirmed."""
    return _answer(work, await service.move_order(work, order_id, "cancel", body.reason))


@router.post("/v1/orders/{order_id}/fulfil", response_model=OrderRead, openapi_extra=_FULFIL)
async def fulfil_order(order_id: UUID, work: Writer) -> Response:
    """Say that a confirmed order was delivered."""
    return _answer(work, await service.move_order(work, order_id, "fulfil"))


@router.post("/v1/orders/{order_id}/close", response_model=OrderRead, openapi_extra=_CLOSE)
async def close_order(order_id: UUID, work: Writer) -> Response:
    """Say that a delivered order is over: nothing of it is owed any more (409 `order-open`)."""
    return _answer(work, await service.close_order(work, order_id))
