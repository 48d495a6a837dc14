"""List of quotes."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import ListSpec, fields_of
from services.channels.quotes.models import Quote

_FIELDS = fields_of(
    Quote,
    "q",
    sortable=("quote_date", "number"),
    unfiltered=("exchange_rate", "decision_note"),
    without=("stream_key", "due_at"),
)
QUOTES = ListSpec(
    source="quote q LEFT JOIN account_fact a ON a.id = q.account_id",
    fields={**_FIELDS, "currency": replace(_FIELDS["currency"], kind="currency")},
    search=("q.number",),
    default_sort="-quote_date",
)
