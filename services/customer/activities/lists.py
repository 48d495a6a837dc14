"""List of activities."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from kit.db.lists import Branch, Field, ListSpec, fields_of
from services.customer.accounts.lists import SCOPE, filed_fields, joined_root
from services.customer.activities.models import Activity

OF_LEADS = Branch("t.lead_id = member.id", f"ARRAY(SELECT d.id FROM lead d WHERE d.owner_id = ANY({SCOPE}))")
"""Activities with leads of members."""


@lru_cache(maxsize=8)
def activities_on(today: date) -> ListSpec:
    """The list as it is on a business day, which decides what is overdue: what was due today is not yet."""
    return ListSpec(
        source=f"activity t {joined_root('t.account_id', 'LEFT JOIN')}",
        fields={
            **fields_of(
                Activity,
                "t",
                sortable=("created_at", "due_on"),
                without=("stream_key",),
                unfiltered=("participants", "position"),
            ),
            **filed_fields("t.account_id", nullable=True),
            "overdue": Field(
                f"(t.state = 'planned' AND t.due_on IS NOT NULL AND t.due_on < DATE '{today.isoformat()}')", "bool"
            ),
        },
        default_sort="-created_at",
    )
