"""List of a lead's consents."""

from __future__ import annotations

from kit.db.lists import Field, ListSpec, fields_of
from services.customer.lead_consents.models import LeadConsent

LEAD_CONSENTS = ListSpec(
    source="lead_consent s",
    fields={
        **fields_of(LeadConsent, "s", sortable=("at",), without=("lead_id", "evidence")),
        "evidence": Field("(s.id, s.evidence)", filterable=False),
    },
    default_sort="-at",
)
