"""SQL of what competitors ask."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from kit.db.text_keys import code_sql
from services.channels.competitor_prices.models import CompetitorPrice

_COMPETITOR = code_sql("competitor")
_LATEST = f"""
SELECT DISTINCT ON (sku, {_COMPETITOR}) sku, competitor, price, currency, observed_on FROM competitor_price
WHERE sku = ANY($1::text[]) AND observed_on BETWEEN $2::date AND $3::date
ORDER BY sku, {_COMPETITOR}, observed_on DESC, competitor
"""
_KNOWN = select_sql(CompetitorPrice, "sku = ANY($1::text[]) AND observed_on = ANY($2::date[])")


class Seen(NamedTuple):
    """The latest of what a competitor asked for a product."""

    sku: str
    competitor: str
    price: int
    currency: str
    observed_on: date


async def latest_between(tx: Tx, skus: Sequence[str], first: date, last: date) -> list[Seen]:
    """What each competitor asked last for each product in these days."""
    return await tx.rows(Seen, _LATEST, skus, first, last)


async def list_of_days(tx: Tx, skus: Sequence[str], days: Sequence[date]) -> list[CompetitorPrice]:
    """What was asked for these products on these days."""
    return await tx.rows(CompetitorPrice, _KNOWN, skus, days)


async def add_prices(tx: Tx, prices: Sequence[CompetitorPrice]) -> None:
    """Append prices; raises UniqueViolationError for a day that has one by now."""
    await insert_rows(tx, CompetitorPrice, prices)
