"""List of holds."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.risk.holds.models import CreditHold
from services.risk.redirects.lists import filed_fields

OWNER = "coalesce(d.owner_id, p.owner_id)"
"""Who owns the account or the partner."""
HOLDS = ListSpec(
    source="credit_hold h LEFT JOIN account_directory d ON d.id = h.subject_id "
    "LEFT JOIN partner_directory p ON p.id = h.subject_id",
    fields={
        **fields_of(CreditHold, "h", sortable=("placed_at",), without=("subject_id", "stream_key")),
        **filed_fields("CASE WHEN h.subject_kind = 'account' THEN h.subject_id END", nullable=True),
        "partner_id": Field("CASE WHEN h.subject_kind = 'partner' THEN h.subject_id END", "uuid", nullable=True),
        "name": Field("coalesce(d.name, p.name)", nullable=True, filterable=False),
        "owner_id": Field(OWNER, "uuid", nullable=True),
    },
    default_sort="placed_at",
)
