"""SQL of costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.channels.product_costs.models import ProductCost

_KNOWN = select_sql(ProductCost, "sku = ANY($1::text[]) AND valid_from = ANY($2::date[])")


async def list_of_days(tx: Tx, skus: Sequence[str], days: Sequence[date]) -> list[ProductCost]:
    """Costs of these products that begin on one of these days."""
    return await tx.rows(ProductCost, _KNOWN, skus, days)


async def add_costs(tx: Tx, costs: Sequence[ProductCost]) -> None:
    """Append costs."""
    await insert_rows(tx, ProductCost, costs)
