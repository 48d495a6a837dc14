"""List of products."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from kit.db.text_keys import code_sql
from services.channels.products.models import Product

PRODUCTS = ListSpec(
    source="product p",
    fields=fields_of(Product, "p", sortable=("sku", "name", "product_line", "launch_date"), without=("costs",)),
    search=("p.sku", "p.name"),
    search_key=search_of(Product, "p"),
    default_sort="sku",
)


def lines_field(column: str) -> Field:
    """A filter by product lines that a row names in an array, in whatever case they are written."""
    same = f"{code_sql('l.line')} = {code_sql('g.line')}"
    return Field(
        column, match=f"EXISTS (SELECT FROM unnest({column}) AS l (line), unnest({{}}) AS g (line) WHERE {same})"
    )
