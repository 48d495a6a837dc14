"""List of deals."""

from __future__ import annotations

from dataclasses import replace

from kit.db.lists import ListSpec, fields_of
from services.channels.deals.models import Deal
from services.channels.redirects.lists import filed_fields, root_of

_FIELDS = fields_of(
    Deal,
    "d",
    sortable=("registered_on", "number", "protected_until"),
    unfiltered=("customer_name", "evidence", "decision_note"),
    without=("due_at", "name_key", "tax_id_hash", "domain_hash", "identity_hashes"),
)
DEALS = ListSpec(
    source=f"deal d LEFT JOIN account_fact a ON a.id = {root_of('d.account_id')}",
    fields={
        **_FIELDS,
        **filed_fields("d.account_id", nullable=True),
        "currency": replace(_FIELDS["currency"], kind="currency"),
    },
    search=("d.number", "d.customer_name"),
    default_sort="-registered_on",
)
