"""List of costs."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.product_costs.models import ProductCost

COSTS = ListSpec(
    source="product_cost c",
    fields=fields_of(ProductCost, "c", sortable=("valid_from", "sku")),
    default_sort="-valid_from",
)
