"""Use cases of products."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.records import Change, Resource, add, change, fresh, require
from kit.versions import Versions
from kit.web.batch import Results, upsert
from kit.work import Work
from services.channels.events_out import ProductChanged
from services.channels.products.models import Product
from services.channels.products.schemas import ProductCreate, ProductUpdate


def _said(one: Change[Product]) -> ProductChanged:
    return ProductChanged.of(one.after, changed=one.changed)


PRODUCTS = Resource("product", Product, _said, audited=("sku", "name", "product_line", "is_active"), unique=("sku",))


def _new(data: ProductCreate) -> Product:
    return Product(**fresh(), **data.model_dump())


async def create_product(work: Work, data: ProductCreate) -> Product:
    """A new product; raises Taken."""
    return await add(work, PRODUCTS, _new(data))


async def require_product(work: Work, product_id: UUID) -> Product:
    """A product by id; raises NotFound."""
    return await require(work, PRODUCTS, product_id)


async def update_product(work: Work, product_id: UUID, version: Versions, data: ProductUpdate) -> Product:
    """Change the fields given; raises NotFound, VersionMismatch."""
    before = await require(work, PRODUCTS, product_id, version=version)
    return await change(work, PRODUCTS, before, data.given())


async def upsert_products(work: Work, rows: Sequence[tuple[int, ProductCreate]], results: Results) -> None:
    """Create or change products by sku; a row whose sku came before in the batch is refused."""
    await upsert(work, PRODUCTS, "sku", rows, results, _new)
