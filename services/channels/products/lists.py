"""List of products."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of, search_of
from services.channels.products.models import Product

PRODUCTS = ListSpec(
    source="product p",
    fields=fields_of(Product, "p", sortable=("sku", "name", "product_line", "launch_date"), without=("costs",)),
    search=("p.sku", "p.name"),
    search_key=search_of(Product, "p"),
    default_sort="sku",
)
