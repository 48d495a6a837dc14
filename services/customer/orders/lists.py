"""List of orders."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.orders.models import OrderColumns

ORDERS = ListSpec(
    source="orders o",
    fields={
        **fields_of(
            OrderColumns,
            "o",
            sortable=("number", "order_date", "gross_base", "created_at"),
            without=("content_hash", "is_split"),
        ),
        "currency": Field("o.currency", "currency"),
        "seller_id": Field(
            "o.id",
            "uuid",
            match="EXISTS (SELECT 1 FROM order_credit c WHERE c.order_id = o.id AND c.member_id = ANY({}))",
        ),
        "sku": Field("''", match="EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.sku = ANY({}))"),
    },
    search=("o.number",),
    default_sort="-created_at",
)
