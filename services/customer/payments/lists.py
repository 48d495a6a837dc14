"""List of payments."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.accounts.lists import filed_fields, joined_root
from services.customer.payments.models import PaymentColumns

_UNALLOCATED = (
    "CASE WHEN p.voided_on IS NULL THEN p.amount - p.refunded - coalesce((SELECT sum(l.amount - l.refunded) "
    "FROM payment_allocation l WHERE l.payment_id = p.id), 0)::bigint ELSE 0 END"
)
PAYMENTS = ListSpec(
    source=f"payment p {joined_root('p.account_id', 'LEFT JOIN')}",
    fields={
        **fields_of(
            PaymentColumns,
            "p",
            sortable=("received_on", "created_at"),
            without=("stream_key", "content_hash", "is_waiting"),
        ),
        **filed_fields("p.account_id"),
        "unallocated": Field(_UNALLOCATED, "int"),
        "currency": Field("p.currency", "currency"),
        "order_id": Field(
            "p.id",
            "uuid",
            match="EXISTS (SELECT 1 FROM payment_allocation l WHERE l.payment_id = p.id AND l.order_id = ANY({}))",
        ),
    },
    default_sort="-created_at",
)
