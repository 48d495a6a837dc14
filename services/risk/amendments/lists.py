"""List of the amendments of a contract."""

from __future__ import annotations

from kit.db.lists import ListSpec, fields_of
from services.risk.amendments.models import Amendment

AMENDMENTS = ListSpec(
    source="amendment a",
    fields=fields_of(Amendment, "a", sortable=("created_at",)),
    search=("a.reason",),
    default_sort="created_at",
)
OF_A_CONTRACT = "a.contract_id = $1::uuid"
