"""Lists of opportunities and of their steps."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.customer.accounts.lists import filed_fields, joined_root
from services.customer.opportunities.models import Opportunity, OpportunityStep


@lru_cache(maxsize=8)
def opportunities_on(today: date) -> ListSpec:
    """The list as it is on a business day, which decides what is overdue: what is expected today is not yet, and what
    is won or lost never."""
    return ListSpec(
        source=f"opportunity o {joined_root('o.account_id', 'LEFT JOIN')}",
        fields={
            **fields_of(
                Opportunity,
                "o",
                sortable=("name", "created_at", "expected_close", "amount_base"),
                without=("stream_key",),
                unfiltered=("next_step",),
            ),
            **filed_fields("o.account_id"),
            "currency": Field("o.currency", "currency"),
            "competitor": Field("''", match="o.competitors && {}"),
            "overdue": Field(
                "(o.state = 'open' AND o.expected_close IS NOT NULL "
                f"AND o.expected_close < DATE '{today.isoformat()}')",
                "bool",
            ),
        },
        search=("o.name",),
        search_key=search_of(Opportunity, "o"),
        default_sort="-created_at",
    )


STEPS = ListSpec(
    source="opportunity_step s",
    fields=fields_of(OpportunityStep, "s", without=("opportunity_id",)),
    default_sort="seq",
    key="seq",
)
