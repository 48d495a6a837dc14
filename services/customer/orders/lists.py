"""List of orders."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from kit.db.lists import Field, ListSpec, fields_of
from kit.db.text_keys import code_key, code_sql
from services.customer.accounts.lists import filed_fields
from services.customer.orders.enums import RETURNABLE
from services.customer.orders.models import OrderColumns

_OWED = ", ".join(f"'{state}'" for state in sorted(RETURNABLE))
_OPEN = f"CASE WHEN o.state IN ({_OWED}) THEN greatest(0, o.gross - o.returned - o.paid) ELSE 0 END"
_DUE = "o.order_date + o.payment_terms_days"
PAID_LATE = (
    "coalesce((SELECT max(k.days_late) FROM payment_allocation k WHERE k.order_id = o.id AND k.amount > k.refunded), 0)"
)
"""By how many days money for an order came late, at most; what went back or was voided did not come."""
_HAS_SKU = (
    "EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.sku = ANY(ARRAY(SELECT unnest({}) UNION ALL "
    f"SELECT d.sku FROM product_directory d WHERE {code_sql('d.sku')} = ANY({{}}))))"
)


@lru_cache(maxsize=8)
def orders_on(today: date) -> ListSpec:
    """The list as it is on a business day, which decides what is overdue."""
    return ListSpec(
        source="orders o",
        fields={
            **fields_of(
                OrderColumns,
                "o",
                sortable=("number", "order_date", "gross_base", "created_at"),
                without=("content_hash", "is_split", "promotions"),
            ),
            **filed_fields("o.account_id"),
            "currency": Field("o.currency", "currency"),
            "open_amount": Field(_OPEN, "int"),
            "due_on": Field(_DUE, "date"),
            "is_overdue": Field(f"({_OPEN} > 0 AND {_DUE} < DATE '{today.isoformat()}')", "bool"),
            "days_late": Field(
                f"greatest({PAID_LATE}, CASE WHEN {_OPEN} > 0 THEN DATE '{today.isoformat()}' - ({_DUE}) END)", "int"
            ),
            "seller_id": Field(
                "o.id",
                "uuid",
                match="EXISTS (SELECT 1 FROM order_credit c WHERE c.order_id = o.id AND c.member_id = ANY({}))",
            ),
            "sku": Field("''", match=_HAS_SKU, key=code_key("''")),
        },
        search=("o.number",),
        default_sort="-created_at",
    )
