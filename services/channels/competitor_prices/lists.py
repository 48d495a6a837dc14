"""List of what competitors ask."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.channels.competitor_prices.models import CompetitorPrice

COMPETITOR_PRICES = ListSpec(
    source="competitor_price c",
    fields={
        **fields_of(CompetitorPrice, "c", sortable=("observed_on", "sku")),
        "currency": Field("c.currency", "currency"),
    },
    search=("c.sku", "c.competitor", "c.source"),
    default_sort="-observed_on",
)
