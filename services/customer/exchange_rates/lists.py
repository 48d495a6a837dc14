"""List of exchange rates."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.exchange_rates.models import ExchangeRate

RATES = ListSpec(
    source="exchange_rate r",
    fields={
        **fields_of(ExchangeRate, "r", sortable=("valid_from",)),
        "currency": Field("r.currency", "currency"),
        "base_currency": Field("r.base_currency", "currency"),
        "rate": Field("r.rate", filterable=False),
    },
    default_sort="-valid_from",
)
