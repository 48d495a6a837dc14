"""SQL of products."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import columns_of, dumps, insert_returning
from services.channels.products.models import Product

SPEC = ListSpec(
    source="product p",
    fields={
        "id": Field("p.id", "uuid"),
        "sku": Field("p.sku", sortable=True),
        "name": Field("p.name", sortable=True),
        "product_line": Field("p.product_line", sortable=True),
        "is_active": Field("p.is_active", "bool"),
        "version": Field("p.version", "int"),
        "created_at": Field("p.created_at", "datetime"),
        "updated_at": Field("p.updated_at", "datetime"),
    },
    search=("p.sku", "p.name"),
    default_sort="sku",
)

_GET = f"SELECT {columns_of(Product)} FROM product WHERE id = $1"
_LOCK = f"SELECT {columns_of(Product)} FROM product WHERE sku = ANY($1::text[]) ORDER BY sku FOR UPDATE"
_SET = """
UPDATE product p SET name = r.name, product_line = r.product_line, is_active = r.is_active,
    version = r.version, updated_at = r.updated_at
FROM json_populate_recordset(NULL::product, $1::json) r WHERE p.id = r.id
"""


async def get_product(tx: Tx, product_id: UUID) -> Row | None:
    """A product by id."""
    return await tx.fetchrow(_GET, product_id)


async def add_new(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Insert the rows (sorted by sku) whose sku is free; returns their skus."""
    made = await insert_returning(tx, Product, rows, "ON CONFLICT (sku) DO NOTHING RETURNING sku")
    return {row["sku"] for row in made}


async def lock_by_sku(tx: Tx, skus: Sequence[str]) -> dict[str, Row]:
    """Products by sku, locked."""
    return {row["sku"]: row for row in await tx.fetch(_LOCK, skus)}


async def put_products(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store changed rows of locked products."""
    if rows:
        await tx.execute(_SET, dumps(rows))
