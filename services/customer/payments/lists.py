"""List of payments."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.payments.models import PaymentColumns

PAYMENTS = ListSpec(
    source="payment p JOIN account a ON a.id = p.account_id",
    fields={
        **fields_of(
            PaymentColumns, "p", sortable=("received_on", "created_at"), without=("stream_key", "content_hash")
        ),
        "currency": Field("p.currency", "currency"),
        "order_id": Field(
            "p.id",
            "uuid",
            match="EXISTS (SELECT 1 FROM payment_allocation l WHERE l.payment_id = p.id AND l.order_id = ANY({}))",
        ),
    },
    default_sort="-created_at",
)
