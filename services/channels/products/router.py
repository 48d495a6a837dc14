"""HTTP door of products."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from starlette.responses import Response

from kit.web import routes
from kit.web.batch import BatchAnswer, parse_rows
from kit.web.context import Allow, Context, IfMatch
from kit.web.lists import documented, list_answer, page_of
from kit.web.responses import json_answer
from services.channels.products import service
from services.channels.products.repository import SPEC
from services.channels.products.schemas import ProductBatch, ProductCreate, ProductRead, ProductUpdate

router = routes.router("products")

Reader = Annotated[Context, Depends(Allow("products:read"))]
Writer = Annotated[Context, Depends(Allow("products:write"))]


@router.post("/v1/products", response_model=ProductRead, status_code=201)
async def create_product(body: ProductCreate, context: Writer) -> Response:
    """Make a product."""
    row = await service.create_product(context.tx, context.actor, body, key=context.runtime.secret)
    return json_answer(row, 201, version=row["version"], location=f"/v1/products/{row['id']}")


@router.post("/v1/products/batch", response_model=BatchAnswer)
async def upsert_products(body: ProductBatch, context: Writer) -> Response:
    """Create or change up to 5,000 products by their sku; rows have the fields of a new product."""
    good, results = parse_rows(ProductCreate, body)
    answer = await service.upsert_products(context.tx, context.actor, good, results, key=context.runtime.secret)
    return json_answer(answer)


@router.get("/v1/products", response_model=page_of(ProductRead), openapi_extra=documented(SPEC))
async def list_products(context: Reader) -> Response:
    """Products."""
    return await list_answer(context, SPEC)


@router.get("/v1/products/{product_id}", response_model=ProductRead)
async def get_product(product_id: UUID, context: Reader) -> Response:
    """One product."""
    row = await service.require_product(context.tx, product_id)
    return json_answer(dict(row), version=row["version"])


@router.patch("/v1/products/{product_id}", response_model=ProductRead)
async def update_product(product_id: UUID, body: ProductUpdate, version: IfMatch, context: Writer) -> Response:
    """Change a product; its sku stays."""
    row = await service.update_product(context.tx, context.actor, product_id, version, body, key=context.runtime.secret)
    return json_answer(row, version=row["version"])
