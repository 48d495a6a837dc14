"""List of obligations."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of, search_of
from services.risk.obligations.models import ObligationColumns
from services.risk.redirects.lists import filed_fields

SOURCE = (
    "obligation o JOIN obligation_book b ON b.id = o.contract_id "
    "LEFT JOIN account_directory d ON d.id = b.account_id LEFT JOIN partner_directory p ON p.id = b.partner_id"
)
OWNER = "coalesce(d.owner_id, p.owner_id)"
"""Who owns the other party of the contract."""
OBLIGATIONS = ListSpec(
    source=SOURCE,
    fields={
        **fields_of(ObligationColumns, "o", sortable=("due_on", "title", "created_at"), without=("is_warned",)),
        **filed_fields("b.account_id", nullable=True),
        "partner_id": Field("b.partner_id", "uuid", nullable=True),
        "owner_id": Field(OWNER, "uuid", nullable=True),
    },
    search=("o.title",),
    search_key=search_of(ObligationColumns, "o"),
    default_sort="due_on",
)
