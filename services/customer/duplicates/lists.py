"""List of pairs of accounts that may be one."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.identity.models import DuplicateCandidate

CANDIDATES = ListSpec(
    source="duplicate_candidate d JOIN account a ON a.id = d.first_id JOIN account b ON b.id = d.second_id",
    fields={
        **fields_of(DuplicateCandidate, "d", sortable=("score", "created_at"), without=("basis",)),
        "first_name": Field("a.name", filterable=False),
        "second_name": Field("b.name", filterable=False),
        "account_id": Field("''", "uuid", match="ARRAY[d.first_id, d.second_id] && {}", output=False),
    },
    default_sort="-score",
)
