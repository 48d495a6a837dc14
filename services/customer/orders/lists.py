"""What the list of orders offers."""

from __future__ import annotations

from kit.db.filters import Field
from kit.db.lists import ListSpec
from services.customer.orders.enums import OrderState

ORDERS = ListSpec(
    source="orders o",
    fields={
        "id": Field("o.id", "uuid"),
        "version": Field("o.version", "int", filterable=False),
        "number": Field("o.number", sortable=True),
        "stream_key": Field("o.stream_key", "uuid", filterable=False),
        "account_id": Field("o.account_id", "uuid"),
        "owner_id": Field("o.owner_id", "uuid", nullable=True),
        "seller_id": Field(
            "o.id",
            "uuid",
            match="EXISTS (SELECT 1 FROM order_credit c WHERE c.order_id = o.id AND c.member_id = ANY({}))",
        ),
        "sku": Field("''", match="EXISTS (SELECT 1 FROM order_line l WHERE l.order_id = o.id AND l.sku = ANY({}))"),
        "partner_id": Field("o.partner_id", "uuid", nullable=True),
        "region": Field("o.region", nullable=True),
        "customer_type": Field("o.customer_type", nullable=True),
        "state": Field("o.state", enum=tuple(OrderState)),
        "placement": Field("o.placement", "int"),
        "order_date": Field("o.order_date", "date", sortable=True),
        "payment_terms_days": Field("o.payment_terms_days", "int"),
        "currency": Field("o.currency", "currency"),
        "base_currency": Field("o.base_currency", "currency", filterable=False),
        "exchange_rate": Field("o.exchange_rate", nullable=True, filterable=False),
        **{name: Field(f"o.{name}", "int") for name in ("net", "tax", "gross", "net_base", "tax_base")},
        "gross_base": Field("o.gross_base", "int", sortable=True),
        "paid": Field("o.paid", "int"),
        "paid_base": Field("o.paid_base", "int"),
        "placed_at": Field("o.placed_at", "datetime", nullable=True),
        "cancel_reason": Field("o.cancel_reason", nullable=True, filterable=False),
        "external_source": Field("o.external_source", nullable=True),
        "external_id": Field("o.external_id", nullable=True),
        "created_at": Field("o.created_at", "datetime", sortable=True),
        "updated_at": Field("o.updated_at", "datetime"),
    },
    search=("o.number",),
    default_sort="-created_at",
)
