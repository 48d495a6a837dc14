"""Returns: pieces that came back, at the price they were sold for."""

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
from services.customer.orders.service import get_order
from services.customer.returns import service
from services.customer.returns.lists import OF_ORDERS, RETURNS
from services.customer.returns.schemas import ReturnBatch, ReturnCreate, ReturnRead, ReturnRow

router = routes.router("returns")
Reader = Annotated[Context, Depends(Allow("orders:read"))]
Writer = Annotated[Context, Depends(Allow("orders:write"))]


@router.post("/v1/orders/{order_id}/returns", response_model=ReturnRead, status_code=201)
async def return_order(order_id: UUID, body: ReturnCreate, work: Writer) -> Response:
    """Take pieces of a confirmed order back."""
    row = await service.return_order(work, order_id, body)
    return json_answer(ReturnRead.model_validate(row), 201)


@router.post("/v1/returns/batch", response_model=BatchAnswer)
async def return_orders(body: ReturnBatch, work: Writer) -> Response:
    """Take back up to 5,000 returns, each once by its external id."""
    rows, results = parse_rows(ReturnRow, body)
    await service.return_many(work, rows, results)
    return json_answer(results.answer())


@router.get("/v1/returns", response_model=page_of(ReturnRead), openapi_extra=documented(RETURNS))
async def list_all_returns(work: Reader) -> Response:
    """Returns of orders that the caller may see."""
    query = work.visible
    where = "TRUE" if query.everything else OF_ORDERS.format(query.sees("o.owner_id"))
    return await list_answer(work, RETURNS, where, query.args)


@router.get("/v1/orders/{order_id}/returns", response_model=page_of(ReturnRead), openapi_extra=documented(RETURNS))
async def list_returns(order_id: UUID, work: Reader) -> Response:
    """Returns of an order, oldest first."""
    await get_order(work, order_id)
    return await list_answer(work, RETURNS, "r.order_id = $1::uuid", [order_id])
