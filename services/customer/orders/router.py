"""Orders over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch, visible
from kit.web.lists import documented, owned_list
from kit.web.responses import json_answer
from services.customer.deps import desk_of
from services.customer.orders import batches, service
from services.customer.orders.answers import OrderPage, OrderRead
from services.customer.orders.lists import ORDERS
from services.customer.orders.schemas import OrderBatch, OrderCancel, OrderCreate, OrderRow, OrderUpdate
from services.customer.orders.snapshots import order_body

router = routes.router("orders")
Reader = Annotated[Context, Depends(Allow("orders:read"))]
Writer = Annotated[Context, Depends(Allow("orders:write"))]


def _answer(order: Mapping[str, Any], status: int = 200, location: str | None = None) -> Response:
    return json_answer(order_body(order), status, version=order["version"], location=location)


@router.post("/v1/orders", response_model=OrderRead, status_code=201)
async def create_order(body: OrderCreate, context: Writer) -> Response:
    """Create a draft; the server computes its amounts."""
    order = await service.create_order(context.tx, await desk_of(context), body)
    return _answer(order, 201, f"/v1/orders/{order['id']}")


@router.post("/v1/orders/batch", response_model=BatchAnswer)
async def upsert_orders(body: OrderBatch, context: Writer) -> Response:
    """Create, change or place up to 5,000 orders by external id."""
    rows, results = parse_rows(OrderRow, body)
    await batches.upsert_orders(context.tx, await desk_of(context), rows, results)
    return json_answer(results.answer())


@router.get("/v1/orders", response_model=OrderPage, openapi_extra=documented(ORDERS))
async def list_orders(context: Reader) -> Response:
    """Orders that the caller may see, without their lines."""
    return await owned_list(context, ORDERS, "o.owner_id")


@router.get("/v1/orders/{order_id}", response_model=OrderRead)
async def get_order(order_id: UUID, context: Reader) -> Response:
    """One order with lines, credits and checks."""
    return _answer(await service.get_order(context.tx, visible(context), order_id))


@router.patch("/v1/orders/{order_id}", response_model=OrderRead)
async def update_order(order_id: UUID, body: OrderUpdate, version: IfMatch, context: Writer) -> Response:
    """Change a draft."""
    return _answer(await service.update_order(context.tx, await desk_of(context), order_id, version, body))


@router.post("/v1/orders/{order_id}/place", response_model=OrderRead)
async def place_order(order_id: UUID, context: Writer) -> Response:
    """Place a draft, or an order on hold once more; its checks decide whether it is confirmed."""
    return _answer(await service.place_order(context.tx, await desk_of(context), order_id))


@router.post("/v1/orders/{order_id}/cancel", response_model=OrderRead)
async def cancel_order(order_id: UUID, body: OrderCancel, context: Writer) -> Response:
    """Give up a draft or an order on hold."""
    return _answer(await service.cancel_order(context.tx, await desk_of(context), order_id, body.reason))


@router.post("/v1/orders/{order_id}/fulfil", response_model=OrderRead)
async def fulfil_order(order_id: UUID, context: Writer) -> Response:
    """Say that a confirmed order was delivered."""
    return _answer(await service.fulfil_order(context.tx, await desk_of(context), order_id))
