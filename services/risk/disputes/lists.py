"""List of disputes."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.risk.disputes.models import DisputeColumns
from services.risk.redirects.lists import filed_fields

PARTIES = "LEFT JOIN account_directory d ON d.id = q.account_id LEFT JOIN partner_directory p ON p.id = q.partner_id"
OWNER = "coalesce(d.owner_id, p.owner_id)"
"""Who owns the account or the partner of a dispute `q`, with `PARTIES`."""
ORDERS = """
coalesce((SELECT jsonb_agg(jsonb_build_object('order_id', o.order_id, 'amount', o.amount) ORDER BY o.order_id)
          FROM dispute_order o WHERE o.dispute_id = q.id), '[]')
"""
_OF_ORDER = "EXISTS (SELECT FROM dispute_order o WHERE o.dispute_id = q.id AND o.order_id = ANY({}))"
DISPUTES = ListSpec(
    source=f"dispute q {PARTIES}",
    fields={
        **fields_of(
            DisputeColumns,
            "q",
            sortable=("number", "title", "limitation_on", "created_at"),
            without=("stream_key", "account_id"),
        ),
        **filed_fields("q.account_id", nullable=True),
        "owner_id": Field(OWNER, "uuid", nullable=True),
        "orders": Field(ORDERS, "json"),
        "order_id": Field("q.id", "uuid", match=_OF_ORDER, output=False),
    },
    search=("q.number", "q.title"),
    search_key=search_of(DisputeColumns, "q"),
    default_sort="created_at",
)
