"""Products: what is sold, in product lines."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer, row_answer
from services.channels.products import service
from services.channels.products.lists import PRODUCTS
from services.channels.products.schemas import ProductBatch, ProductCreate, ProductRead, ProductUpdate

router = routes.router("products")
Reader = Annotated[Context, Depends(Allow("products:read"))]
Writer = Annotated[Context, Depends(Allow("products:write"))]


@router.post("/v1/products", response_model=ProductRead, status_code=201)
async def create_product(body: ProductCreate, work: Writer) -> Response:
    """Make a product."""
    return row_answer(ProductRead, await service.create_product(work, body), "/v1/products")


@router.post("/v1/products/batch", response_model=BatchAnswer)
async def upsert_products(body: ProductBatch, work: Writer) -> Response:
    """Create or change up to 5,000 products by their sku; rows have the fields of a new product."""
    good, results = parse_rows(ProductCreate, body)
    await service.upsert_products(work, good, results)
    return json_answer(results.answer())


@router.get("/v1/products", response_model=page_of(ProductRead), openapi_extra=documented(PRODUCTS))
async def list_products(work: Reader) -> Response:
    """Products."""
    return await list_answer(work, PRODUCTS)


@router.get("/v1/products/{product_id}", response_model=ProductRead)
async def get_product(product_id: UUID, work: Reader) -> Response:
    """One product."""
    return row_answer(ProductRead, await service.require_product(work, product_id))


@router.patch("/v1/products/{product_id}", response_model=ProductRead)
async def update_product(product_id: UUID, body: ProductUpdate, version: IfMatch, work: Writer) -> Response:
    """Change a product; its sku stays."""
    return row_answer(ProductRead, await service.update_product(work, product_id, version, body))
