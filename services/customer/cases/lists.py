"""List of cases."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.accounts.lists import filed_fields, joined_root
from services.customer.cases.models import VOID, Case

LONG = ("description", "remedy_sought", "response", "response_sha256", *VOID)
"""What a list does not show."""

CASES = ListSpec(
    source=f"service_case t {joined_root('t.account_id', 'LEFT JOIN')}",
    fields={
        **fields_of(
            Case, "t", sortable=("created_at", "number", "received_at"), without=(*LONG, "stream_key", "due_at")
        ),
        **filed_fields("t.account_id", nullable=True),
        "due_at": Field("t.clock_due_at", "datetime", nullable=True, sortable=True),
    },
    default_sort="-created_at",
)
