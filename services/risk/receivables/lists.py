"""List of receivables as of the business day `$1`."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.risk.receivables.models import Receivable
from services.risk.redirects.lists import filed_fields


def disputed_sql(order: str) -> str:
    """What is disputed now of the order of a column, which may be more than is still open of it."""
    return (
        f"coalesce((SELECT sum(q.amount) FROM dispute_order q WHERE q.order_id = {order} AND q.closed_on IS NULL), 0)"
    )


def undisputed_sql(item: str) -> str:
    """What is open of the receivable of an alias and nobody disputes."""
    return f"greatest(0, {item}.open - {disputed_sql(f'{item}.order_id')})"


CONFIRMED = "$1::date IS NOT NULL AND r.due_on IS NOT NULL"
"""What the list is of; the day is always among its parameters."""

RECEIVABLES = ListSpec(
    source="receivable r LEFT JOIN account_directory d ON d.id = r.account_id",
    fields={
        **fields_of(Receivable, "r", sortable=("due_on", "open"), without=("account_id", "order_date", "terms_days")),
        **filed_fields("r.account_id"),
        "owner_id": Field("d.owner_id", "uuid", nullable=True),
        "due_on": Field("r.due_on", "date", sortable=True),
        "order_date": Field("r.order_date", "date"),
        "terms_days": Field("r.terms_days", "int"),
        "days_overdue": Field("CASE WHEN r.open > 0 THEN greatest(0, $1::date - r.due_on) ELSE 0 END", "int"),
        "is_disputed": Field(f"(r.open > 0 AND {disputed_sql('r.order_id')} > 0)", "bool"),
    },
    default_sort="due_on",
    key="order_id",
)
