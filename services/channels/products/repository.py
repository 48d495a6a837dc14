"""SQL of products."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.db.rows import select_sql
from kit.db.text_keys import code_sql
from services.channels.products.models import Product

_BY_SKU = select_sql(Product, f"{code_sql('sku')} = ANY($1::text[]) ORDER BY sku")
_LOCKED = f"{_BY_SKU} FOR NO KEY UPDATE"
_OF_LINES = select_sql(Product, "product_line = ANY($1::text[]) ORDER BY sku")


async def list_by_code(tx: Tx, codes: Sequence[str], *, lock: bool) -> list[Product]:
    """Products whose folded sku is one of these, locked in the order of their skus on request."""
    return await tx.rows(Product, _LOCKED if lock else _BY_SKU, codes)


async def list_of_lines(tx: Tx, lines: Sequence[str]) -> list[Product]:
    """Products of these lines."""
    return await tx.rows(Product, _OF_LINES, lines)


async def known_lines(tx: Tx, lines: Sequence[str]) -> set[str]:
    """Which of these lines have products."""
    sql = "SELECT DISTINCT product_line FROM product WHERE product_line = ANY($1::text[])"
    return {str(row["product_line"]) for row in await tx.fetch(sql, lines)}
