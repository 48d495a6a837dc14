"""List of activities."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.activities.models import Activity


@lru_cache(maxsize=8)
def activities_on(today: date) -> ListSpec:
    """The list as it is on a business day, which decides what is overdue: what was due today is not yet."""
    return ListSpec(
        source="activity t LEFT JOIN account a ON a.id = t.account_id",
        fields={
            **fields_of(Activity, "t", sortable=("created_at",), without=("stream_key",)),
            "overdue": Field(
                f"(t.state = 'planned' AND t.due_on IS NOT NULL AND t.due_on < DATE '{today.isoformat()}')", "bool"
            ),
        },
        default_sort="-created_at",
    )
