"""List of standing approvals."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import ListSpec, fields_of
from services.channels.price_approvals.models import PriceApproval

_FIELDS = fields_of(
    PriceApproval, "p", sortable=("valid_from", "sku"), unfiltered=("min_unit_net",), without=("stream_key",)
)
PRICE_APPROVALS = ListSpec(
    source="price_approval p",
    fields={**_FIELDS, "currency": replace(_FIELDS["currency"], kind="currency")},
    default_sort="-valid_from",
)
