"""SQL of exchange rates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit.db.database import Tx
from kit.db.filters import Field
from kit.db.lists import ListSpec
from kit.db.rows import insert_rows
from services.customer.exchange_rates.models import ExchangeRate

RATES = ListSpec(
    source="exchange_rate r",
    fields={
        "id": Field("r.id", "uuid"),
        "currency": Field("r.currency", "currency"),
        "base_currency": Field("r.base_currency", "currency"),
        "rate": Field("r.rate", filterable=False),
        "valid_from": Field("r.valid_from", "date", sortable=True),
        "created_by": Field("r.created_by"),
        "created_at": Field("r.created_at", "datetime"),
    },
    default_sort="-valid_from",
)


async def add_rate(tx: Tx, rate: Mapping[str, Any]) -> bool:
    """Insert a rate; False when that day has one already."""
    return await insert_rows(tx, ExchangeRate, [rate], "ON CONFLICT DO NOTHING") == 1
