"""SQL of what competitors ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.channels.competitor_prices.models import CompetitorPrice

_KNOWN = select_sql(CompetitorPrice, "sku = ANY($1::text[]) AND observed_on = ANY($2::date[])")


async def list_of_days(tx: Tx, skus: Sequence[str], days: Sequence[date]) -> list[CompetitorPrice]:
    """What was asked for these products on these days."""
    return await tx.rows(CompetitorPrice, _KNOWN, skus, days)


async def add_prices(tx: Tx, prices: Sequence[CompetitorPrice]) -> None:
    """Append prices; raises UniqueViolationError for a day that has one by now."""
    await insert_rows(tx, CompetitorPrice, prices)
