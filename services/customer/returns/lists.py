"""List of returns."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.returns.models import OrderReturn

RETURNS = ListSpec(
    source="order_return r",
    fields={
        **fields_of(OrderReturn, "r", without=("content_hash",)),
        "currency": Field("r.currency", "currency"),
    },
)
OF_ORDERS = "EXISTS (SELECT FROM orders o WHERE o.id = r.order_id AND {})"
"""Whether the order of a return is one of those that a condition on `o` names."""
