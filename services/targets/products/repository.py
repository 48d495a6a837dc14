"""SQL of the product directory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.targets.products.models import ProductEntry

_LATER = (
    "ON CONFLICT (product_id) DO UPDATE SET product_line = excluded.product_line, version = excluded.version, "
    "sku = excluded.sku, launch_date = excluded.launch_date "
    "WHERE product_directory.version < excluded.version"
)
_LINES = "SELECT DISTINCT product_line FROM product_directory WHERE product_line = ANY($1::text[])"
_SPELT = """
SELECT DISTINCT ON (a.line) a.line, p.product_line FROM unnest($1::text[]) AS a(line)
JOIN product_directory p ON lower(p.product_line COLLATE "C") = lower(btrim(a.line) COLLATE "C")
ORDER BY a.line, p.product_line COLLATE "C"
"""
_LAUNCHES = "SELECT sku, launch_date FROM product_directory WHERE sku = ANY($1::text[]) ORDER BY version"


async def put_products(tx: Tx, rows: Sequence[ProductEntry]) -> None:
    """Insert or replace products by a later version; each id once, sorted."""
    await insert_rows(tx, ProductEntry, rows, _LATER)


async def list_lines(tx: Tx, lines: Collection[str]) -> set[str]:
    """Those among `lines` that a product has."""
    return set(await tx.column(str, _LINES, list(lines)))


async def list_spelt(tx: Tx, lines: Collection[str]) -> dict[str, str]:
    """How products have those among `lines` that they have in another case."""
    return {row["line"]: row["product_line"] for row in await tx.fetch(_SPELT, list(lines))}


async def list_launches(tx: Tx, skus: Collection[str]) -> dict[str, date | None]:
    """Launch dates of those among `skus` that are known."""
    return {row["sku"]: row["launch_date"] for row in await tx.fetch(_LAUNCHES, list(skus))}
