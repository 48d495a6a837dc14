"""List of merges."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.merges.models import AccountMerge

MERGES = ListSpec(
    source="account_merge m JOIN account s ON s.id = m.survivor_id JOIN account a ON a.id = coalesce(s.root_id, s.id)",
    fields={
        **fields_of(AccountMerge, "m", sortable=("created_at", "merged_at"), without=("journal",)),
        "account_id": Field("''", "uuid", match="ARRAY[m.survivor_id, m.merged_id] && {}", output=False),
    },
    default_sort="-created_at",
)
"""`a` is the account that both read as, or did."""
