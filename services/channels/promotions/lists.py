"""List of promotions."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.channels.promotions.models import Promotion

PROMOTIONS = ListSpec(
    source="promotion p",
    fields=fields_of(
        Promotion,
        "p",
        sortable=("code", "name", "starts_at"),
        unfiltered=("max_times", "quiet_days", "payment_terms_max"),
        without=("due_at", "exhausted_at"),
    ),
    search=("p.code", "p.name"),
    search_key=search_of(Promotion, "p"),
    default_sort="-starts_at",
)
