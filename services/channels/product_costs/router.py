"""Costs of products: what a piece costs the company, since when."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.channels.product_costs import service
from services.channels.product_costs.lists import COSTS
from services.channels.product_costs.schemas import ProductCostBatch, ProductCostCreate, ProductCostRead

router = routes.router("product-costs")
Reader = Annotated[Context, Depends(Allow("costs:read"))]
Writer = Annotated[Context, Depends(Allow("costs:write"))]


@router.post("/v1/product-costs", response_model=ProductCostRead, status_code=201)
async def create_product_cost(body: ProductCostCreate, work: Writer) -> Response:
    """Enter what a unit costs from a day on; a day that has a cost keeps it (409 `product-cost-valid-from-taken`).

    A day in the past moves floors and prices from now on; quotes and orders keep the cost they were made with.
    """
    return json_answer(await service.create_cost(work, body), 201)


@router.post("/v1/product-costs/batch", response_model=BatchAnswer)
async def create_product_costs(body: ProductCostBatch, work: Writer) -> Response:
    """Enter up to 5,000 costs; rows have the fields of a new cost, the same cost again is unchanged."""
    good, results = parse_rows(ProductCostCreate, body)
    await service.append_costs(work, good, results)
    return json_answer(results.answer())


@router.get("/v1/product-costs", response_model=page_of(ProductCostRead), openapi_extra=documented(COSTS))
async def list_product_costs(work: Reader) -> Response:
    """Dated costs, latest day first: of a product, the first not after a day is its cost on that day."""
    return await list_answer(work, COSTS)
