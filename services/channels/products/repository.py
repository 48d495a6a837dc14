"""SQL of products."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from kit.db.database import Tx
from kit.db.rows import select_sql
from kit.db.text_keys import code_sql, fold_code
from services.channels.products.models import Product

LOCK = 0x43524D_27
"""The advisory lock of product lines: who holds it says how a line is spelt."""
_LINES = f"""
SELECT k.line, coalesce(
  (SELECT p.product_line FROM product p WHERE p.product_line = k.line LIMIT 1),
  (SELECT p.product_line FROM product p WHERE {code_sql("p.product_line")} = k.folded ORDER BY p.id LIMIT 1)
) AS own FROM unnest($1::text[], $2::text[]) AS k(line, folded)
"""
_BY_SKU = select_sql(Product, f"{code_sql('sku')} = ANY($1::text[]) ORDER BY sku")
_LOCKED = f"{_BY_SKU} FOR NO KEY UPDATE"
_OF_LINES = select_sql(Product, "product_line = ANY($1::text[]) ORDER BY sku")


async def list_by_code(tx: Tx, codes: Sequence[str], *, lock: bool) -> list[Product]:
    """Products whose folded sku is one of these, locked in the order of their skus on request."""
    return await tx.rows(Product, _LOCKED if lock else _BY_SKU, codes)


async def list_of_lines(tx: Tx, lines: Sequence[str]) -> list[Product]:
    """Products of these lines."""
    return await tx.rows(Product, _OF_LINES, lines)


async def hold_lines(tx: Tx) -> None:
    """Wait for whoever may bring a product line, and let nobody else until the end of the transaction."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def known_lines(tx: Tx, lines: Collection[str]) -> dict[str, str]:
    """Lines as they are named -> as products have them: spelt so, else as the oldest product of the folded line."""
    rows = await tx.fetch(_LINES, list(lines), [fold_code(line) for line in lines])
    return {str(row["line"]): str(row["own"]) for row in rows if row["own"] is not None}
