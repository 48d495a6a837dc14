"""List of products."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.channels.products.models import Product

PRODUCTS = ListSpec(
    source="product p",
    fields=fields_of(Product, "p", sortable=("sku", "name", "product_line", "launch_date"), without=("costs",)),
    search=("p.sku", "p.name"),
    default_sort="sku",
)
